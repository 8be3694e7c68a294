#pragma once
#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/core/error.hpp"

namespace residua {

/// Eight bytes that say what follows them: seven for its kind, and the version of its form. The kind alone tells what
/// it is, so that a newer form is refused as such and not taken for something else.
struct Mark {
  static constexpr std::size_t kSize = 8;

  std::array<unsigned char, kSize - 1> kind;
  unsigned char newest;  ///< version that is read, and written

  /// Whether bytes start with this mark, of any version.
  bool starts(std::span<const std::byte> bytes) const {
    return bytes.size() >= kSize && std::memcmp(bytes.data(), kind.data(), kind.size()) == 0;
  }

  /// Throws Error unless bytes that start with this mark are of a version that is read; `what` they mark.
  void check_version(std::span<const std::byte> bytes, std::string_view what, const std::string& where) const {
    const int version = std::to_integer<int>(bytes[kSize - 1]);
    if (version > newest)
      throw Error(fmt::format("{}: its {} is of a newer format {}: expected at most {}", where, what, version, newest));
    if (version < 1)
      throw Error(fmt::format("{}: format of its {}: expected 1 to {}, found {}", where, what, newest, version));
  }

  void append_to(std::vector<std::byte>& bytes) const {
    for (const unsigned char c : kind) bytes.push_back(std::byte(c));
    bytes.push_back(std::byte(newest));
  }
};

}  // namespace residua
