#pragma once
#include <fmt/format.h>
#include <sodium.h>

#include <cstddef>
#include <span>
#include <string>

#include "kernels/core/error.hpp"

namespace residua {

/// To be called before any function of libsodium, from any thread.
inline void start_sodium() {
  if (sodium_init() < 0) throw Error("libsodium does not start");
}

/// Bytes as libsodium takes them.
inline const unsigned char* as_chars(std::span<const std::byte> bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

inline std::string hex_of(std::span<const std::byte> bytes) {
  std::string digits;
  for (const std::byte b : bytes) digits += fmt::format("{:02x}", unsigned(b));
  return digits;
}

}  // namespace residua
