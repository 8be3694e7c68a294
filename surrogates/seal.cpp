#include "surrogates/seal.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "datasets/open_file.hpp"
#include "kernels/core/error.hpp"
#include "surrogates/crypto.hpp"
#include "surrogates/little_endian.hpp"
#include "surrogates/mark.hpp"

namespace residua {
namespace {

// The trailer: a mark, the size of the image before it (little-endian), and the digest of that image.
constexpr Mark kMark{{'R', 'S', 'D', 'U', 'A', 0x1a, '\n'}, 1};
constexpr std::size_t kDigest = 32, kTrailer = Mark::kSize + 8 + kDigest;

[[noreturn]] void fail(const std::string& where, const std::string& what) { throw Error(where + ": " + what); }

[[noreturn]] void fail_with_errno(const std::filesystem::path& path, const char* what) {
  throw Error(fmt::format("{}: {} failed: {}", path.string(), what, std::strerror(errno)));
}

std::array<std::byte, kDigest> hash_of(std::span<const std::byte> image) {
  std::array<std::byte, kDigest> digest;
  start_sodium();
  crypto_generichash(reinterpret_cast<unsigned char*>(digest.data()), digest.size(), as_chars(image), image.size(),
                     nullptr, 0);
  return digest;
}

}  // namespace

std::vector<std::byte> read_regular_file(const std::filesystem::path& path) {
  // Not blocking, so that a pipe is refused instead of waited for.
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat info {};
  if (file.id() < 0) fail_with_errno(path, "opening");
  if (fstat(file.id(), &info) != 0) fail_with_errno(path, "looking at it");
  if (!S_ISREG(info.st_mode)) fail(path.string(), "not a regular file");
  if (std::uint64_t(info.st_size) > kMaxFile)
    fail(path.string(), fmt::format("expected at most {} bytes, found {}", kMaxFile, info.st_size));
  return read_bytes_of(file, std::size_t(info.st_size), path);
}

std::vector<std::byte> sealed(std::vector<std::byte> image) {
  const auto hash = hash_of(image);
  const std::uint64_t size = image.size();
  kMark.append_to(image);
  append_little_endian(image, size);
  image.insert(image.end(), hash.begin(), hash.end());
  return image;
}

std::span<const std::byte> unsealed(std::span<const std::byte> file, const std::string& where) {
  if (file.size() > kMaxFile) fail(where, fmt::format("expected at most {} bytes, found {}", kMaxFile, file.size()));
  if (file.size() < kTrailer || !kMark.starts(file.last(kTrailer)))
    fail(where, "not a Residua surrogate, or cut off: its last bytes are not the trailer of one");
  kMark.check_version(file.last(kTrailer), "trailer", where);
  const std::span image = file.first(file.size() - kTrailer);
  const std::byte* trailer = image.data() + image.size();
  if (little_endian<std::uint64_t>(trailer + Mark::kSize) != image.size())
    fail(where, fmt::format("damaged: its trailer expects {} bytes before it, found {}",
                            little_endian<std::uint64_t>(trailer + Mark::kSize), image.size()));
  if (std::memcmp(hash_of(image).data(), trailer + Mark::kSize + 8, kDigest) != 0)
    fail(where, "damaged or changed after it was saved: its digest does not match its content");
  return image;
}

std::string digest_of(std::span<const std::byte> image) { return hex_of(hash_of(image)); }

std::string sha256_of(std::span<const std::byte> bytes) {
  std::array<std::byte, crypto_hash_sha256_BYTES> digest;
  start_sodium();
  crypto_hash_sha256(reinterpret_cast<unsigned char*>(digest.data()), as_chars(bytes), bytes.size());
  return hex_of(digest);
}

}  // namespace residua
