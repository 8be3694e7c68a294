#pragma once
#include <cstdint>

#include "kernels/core/host_device.hpp"

struct CUstream_st;

namespace residua::cuda {

/// Philox 4x32-10, the counter-based generator of Salmon, Moraes, Dror & Shaw, "Parallel random numbers: as easy as 1,
/// 2, 3" (SC 2011): four 32-bit words from a counter of four words and a key of two. Any word of the sequence can be
/// had directly, so points can be drawn in parallel and the same point is drawn on every device and on the host.
struct Philox {
  std::uint32_t word[4];

  RESIDUA_HD static constexpr Philox at(std::uint64_t counter_low, std::uint64_t counter_high, std::uint64_t key) {
    Philox x{{std::uint32_t(counter_low), std::uint32_t(counter_low >> 32), std::uint32_t(counter_high),
              std::uint32_t(counter_high >> 32)}};
    std::uint32_t k0 = std::uint32_t(key), k1 = std::uint32_t(key >> 32);
    for (int round = 0; round < 10; ++round) {
      const std::uint64_t a = std::uint64_t(0xD2511F53u) * x.word[0], b = std::uint64_t(0xCD9E8D57u) * x.word[2];
      x = {{std::uint32_t(b >> 32) ^ x.word[1] ^ k0, std::uint32_t(b), std::uint32_t(a >> 32) ^ x.word[3] ^ k1,
            std::uint32_t(a)}};
      k0 += 0x9E3779B9u;  // the golden ratio and sqrt(3) - 1, as the authors chose
      k1 += 0xBB67AE85u;
    }
    return x;
  }
};

/// Uniform in (0, 1), never an end: the centre of one of 2^23 (float) or 2^52 (double) equal intervals.
template <class S>
RESIDUA_HD constexpr S unit_interval(std::uint32_t high, std::uint32_t low);
template <>
RESIDUA_HD constexpr float unit_interval<float>(std::uint32_t high, std::uint32_t) {
  return (float(high >> 9) + 0.5f) * 0x1p-23f;
}
template <>
RESIDUA_HD constexpr double unit_interval<double>(std::uint32_t high, std::uint32_t low) {
  return (double((std::uint64_t(high) << 20) | (low >> 12)) + 0.5) * 0x1p-52;
}

/// Where a batch of random points lies: row d of `rows` is uniform between lower[d] and upper[d]. Points of different
/// `stream`s (terms, ranks) or different indices are independent; a training run moves `first` on by n with every
/// batch.
template <class S>
struct UniformPoints {
  std::int64_t n = 0;
  int dims = 0;
  const S* lower = nullptr;  ///< [dims]
  const S* upper = nullptr;  ///< [dims]
  S* rows = nullptr;         ///< [dims][n]
  std::uint64_t seed = 0;
  std::uint32_t stream = 0;
  std::uint64_t first = 0;  ///< index in the sequence of the first point

  /// Draws point i of the batch. A call of the generator serves two dimensions.
  RESIDUA_HD void draw(std::int64_t i) const {
    for (int d = 0; d < dims; d += 2) {
      const std::uint64_t pair = (std::uint64_t(stream) << 32) | std::uint32_t(d / 2);
      const Philox x = Philox::at(first + std::uint64_t(i), pair, seed);
      place(i, d, unit_interval<S>(x.word[0], x.word[1]));
      if (d + 1 < dims) place(i, d + 1, unit_interval<S>(x.word[2], x.word[3]));
    }
  }

 private:
  /// The weighted mean of both ends does not leave the range by rounding, as lower + (upper - lower) * u might.
  RESIDUA_HD void place(std::int64_t i, int d, S u) const { rows[d * n + i] = lower[d] * (1 - u) + upper[d] * u; }
};

/// Draws all points of the batch on the current device; the pointers are device pointers, the work is queued on
/// `stream`. Throws Error for what CUDA reports.
template <class S>
void sample(const UniformPoints<S>& points, CUstream_st* stream);

}  // namespace residua::cuda
