#pragma once
#include <cstdint>

namespace residua {

/// Some of n consecutive things.
struct Share {
  std::int64_t first, count;
};

/// What one of `size` processes has of n things: all of them have the same number but for one.
constexpr Share share_of(std::int64_t n, int rank, int size) {
  const std::int64_t first = n * rank / size;
  return {first, n * (rank + 1) / size - first};
}

}  // namespace residua
