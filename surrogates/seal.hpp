#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace residua {

/// The largest surrogate file; larger than any network within the limits of kernels/points.hpp needs.
inline constexpr std::uint64_t kMaxFile = std::uint64_t{64} << 20;

/// The whole of a regular file of at most kMaxFile bytes, read once. Throws Error.
std::vector<std::byte> read_regular_file(const std::filesystem::path& path);

/// An HDF5 image with the trailer behind it that holds its size and its BLAKE2b-256 digest: docs/file_format.md.
[[gnu::visibility("default")]] std::vector<std::byte> sealed(std::vector<std::byte> image);

/// The image in a sealed file, all of which it checks without a call to HDF5: size and digest, and that it is the
/// plainest kind of HDF5 file. `where` starts the message of the Error it throws.
std::span<const std::byte> unsealed(std::span<const std::byte> file, const std::string& where);

/// The BLAKE2b-256 digest of an image, or of any bytes, in hexadecimal digits.
[[gnu::visibility("default")]] std::string digest_of(std::span<const std::byte> image);

/// The SHA-256 digest of any bytes likewise, as sha256sum prints it: of data that others keep.
[[gnu::visibility("default")]] std::string sha256_of(std::span<const std::byte> bytes);

}  // namespace residua
