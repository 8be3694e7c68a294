#pragma once
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace residua {

static_assert(std::endian::native == std::endian::little, "files are little-endian, and are read as they are");

/// The number that starts at a byte, whatever its alignment.
template <class T>
T little_endian(const std::byte* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

template <class T>
void append_little_endian(std::vector<std::byte>& bytes, T value) {
  const std::byte* at = reinterpret_cast<const std::byte*>(&value);
  bytes.insert(bytes.end(), at, at + sizeof value);
}

}  // namespace residua
