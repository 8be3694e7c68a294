#pragma once
#include <cstdint>

#include "kernels/axis.hpp"
#include "kernels/core/host_device.hpp"

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

/// Uniform in (0, 1), never an end: the centre of one of 2^52 equal intervals.
RESIDUA_HD constexpr double unit_interval(std::uint32_t high, std::uint32_t low) {
  return (double((std::uint64_t(high) << 20) | (low >> 12)) + 0.5) * 0x1p-52;
}

/// Where a training run is; it moves on by one with every step, on the device.
struct Clock {
  std::int64_t step = 0;  ///< of the stage
  std::int64_t turn = 0;  ///< since the host last looked
};

/// Draws the points of one term anew in every step: a lattice shifted modulo 1 by another amount in each turn, as the
/// CPU's trainer does with a Sobol sequence, or independent points by Philox, of which those of different streams,
/// steps or indices are independent.
template <class S>
struct PointSampler {
  std::int64_t n = 0;
  int rows_drawn = 0;
  const Axis* axes = nullptr;  ///< [rows_drawn]
  S* rows = nullptr;           ///< [rows_drawn][n]
  const Clock* clock = nullptr;
  const double* lattice = nullptr;  ///< [dims][n] in [0, 1); null: independent points
  const double* shifts = nullptr;   ///< [turns][dims] in [0, 1)
  int dims = 0;
  std::uint64_t seed = 0;
  std::uint32_t stream = 0;

  /// Draws point i.
  RESIDUA_HD void operator()(std::int64_t i) const {
    for (int r = 0; r < rows_drawn; ++r) {
      const Axis& axis = axes[r];
      rows[r * n + i] = S(axis.at(axis.dim < 0 ? 0 : unit(i, axis.dim)));
    }
  }

 private:
  RESIDUA_HD double unit(std::int64_t i, int dim) const {
    if (lattice) {
      const double x = lattice[dim * n + i] + shifts[clock->turn * dims + dim];
      return x < 1 ? x : x - 1;
    }
    // A call of the generator serves two dimensions.
    const std::uint64_t pair = (std::uint64_t(stream) << 32) | std::uint32_t(dim / 2);
    const Philox x = Philox::at(std::uint64_t(clock->step * n + i), pair, seed);
    return dim % 2 == 0 ? unit_interval(x.word[0], x.word[1]) : unit_interval(x.word[2], x.word[3]);
  }
};

}  // namespace residua::cuda
