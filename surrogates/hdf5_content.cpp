#include <fmt/format.h>

#include <cstring>
#include <mutex>

#include "datasets/h5.hpp"
#include "surrogates/containers.hpp"
#include "surrogates/content.hpp"
#include "surrogates/little_endian.hpp"

namespace residua {
namespace {

/// Only the plainest HDF5: superblock version 0 at offset 0, nothing before or after, no driver information. That
/// version has no extensions, so no cache images, shared messages or file-space strategies either.
void check_superblock(std::span<const std::byte> image, const std::string& where) {
  constexpr unsigned char kStart[] = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n', 0, 0, 0, 0, 0, 8, 8, 0};
  constexpr std::uint64_t kNowhere = ~std::uint64_t{0};
  if (image.size() < 96 || std::memcmp(image.data(), kStart, sizeof kStart) != 0)
    content::fail(where, "neither a compact file nor an HDF5 file with superblock version 0 at its start");
  const std::uint64_t base = little_endian<std::uint64_t>(&image[24]),
                      free_space = little_endian<std::uint64_t>(&image[32]);
  const std::uint64_t end = little_endian<std::uint64_t>(&image[40]), driver = little_endian<std::uint64_t>(&image[48]);
  if (base != 0 || free_space != kNowhere || driver != kNowhere || end != image.size())
    content::fail(where,
                  fmt::format("its HDF5 superblock has a base, free space or a driver, or ends elsewhere: expected {} "
                              "bytes, found {}",
                              image.size(), end));
}

}  // namespace

std::vector<std::byte> hdf5_image(const Model& model, const std::string& where) {
  return h5::image_of(where, [&](h5::Group& root) { content::write_model(root, model, where); });
}

Model read_hdf5(std::span<const std::byte> image, const std::string& name) {
  check_superblock(image, name);
  // To HDF5, images of one name are one file: so one at a time, under a name that no file on the disk has.
  static std::mutex one_at_a_time;
  const std::scoped_lock lock(one_at_a_time);
  return content::read_model(h5::File::from_image(image, name + " (in memory)").root(), name);
}

}  // namespace residua
