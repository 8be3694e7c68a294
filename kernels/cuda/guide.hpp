#pragma once
#include <cmath>
#include <cstdint>

#include "kernels/core/host_device.hpp"
#include "kernels/cuda/sampler.hpp"

namespace residua::cuda {

// How residuals guide a draw: what each thread does. Between these bodies lie sums and orderings over all points
// (GuidedPoints). The points and the chances are those of pinn/sampling on the CPU.

/// How many points a draw replaces, and out of how many candidates. That is known on the device only.
struct Replacement {
  std::int64_t points = 0, candidates = 0;  ///< at most
  const double* kept = nullptr;             ///< how many points stay; null: none

  RESIDUA_HD std::int64_t count() const {
    // Where all are alike, rounding may put the mean below each of them.
    const bool some = kept && *kept < double(points);
    return some ? points - std::int64_t(*kept) : points;
  }
  /// Those of the candidates that take part: the first ones.
  RESIDUA_HD std::int64_t pool() const { return candidates / points * count(); }
};

/// |r|^exponent at each of n points that take part, 0 at the others.
template <class S>
struct ResidualPower {
  std::int64_t n = 0, equations = 0;
  const S* residual = nullptr;  ///< [equations][n]
  double exponent = 1;
  Replacement replacement;
  double* power = nullptr;  ///< [n]

  RESIDUA_HD void operator()(std::int64_t i) const {
    double square = 0;
    for (std::int64_t e = 0; e < equations; ++e) square += double(residual[e * n + i]) * double(residual[e * n + i]);
    power[i] = i < replacement.pool() ? std::pow(square, exponent / 2) : 0;
  }
};

/// R3: which of n points stay, those whose residual is above the mean; none at the first draw, nor where the mean is
/// NaN.
struct Retain {
  std::int64_t n = 0;
  const double *size = nullptr, *total = nullptr;  ///< |r| [n], and their sum
  const Clock* clock = nullptr;
  double* kept = nullptr;  ///< [n]: 1 or 0

  RESIDUA_HD void operator()(std::int64_t i) const {
    kept[i] = clock->step > 0 && size[i] > *total / double(n) ? 1 : 0;
  }
};

/// RAD: a time for each candidate, exponentially distributed with the rate |r|^k / mean + 1. The first to arrive are a
/// random choice without replacement with these chances (Efraimidis & Spirakis 2006). All rates are 1 where the mean is
/// zero or not finite.
struct Race {
  Replacement replacement;
  const double *power = nullptr, *total = nullptr;  ///< |r|^k [candidates], and their sum
  const Clock* clock = nullptr;
  std::uint64_t seed = 0;
  std::uint32_t stream = 0;
  double* arrival = nullptr;  ///< [candidates]

  RESIDUA_HD void operator()(std::int64_t i) const {
    // Beside those that points are drawn by: chances must not go with places.
    constexpr std::uint64_t kBeyondAllDimensions = 0xffffffffu;
    if (i >= replacement.pool()) {
      arrival[i] = HUGE_VAL;
      return;
    }
    const double mean = *total / double(replacement.pool());
    const double rate = mean > 0 && std::isfinite(mean) ? power[i] / mean + 1 : 1;
    const Philox x = Philox::at(std::uint64_t(clock->step * replacement.candidates + i),
                                (std::uint64_t(stream) << 32) | kBeyondAllDimensions, seed);
    arrival[i] = -std::log1p(-unit_interval(x.word[0], x.word[1])) / rate;
  }
};

/// Puts candidate number k of those chosen in the place of point number k of those that are released.
template <class S>
struct Replace {
  Replacement replacement;
  const std::int64_t* released = nullptr;  ///< places of points; null: 0, 1, ...
  const std::int64_t* chosen = nullptr;    ///< of the candidates; null: 0, 1, ...
  int rows_drawn = 0;
  const S* candidates = nullptr;  ///< [rows_drawn][candidates]
  S* points = nullptr;            ///< [rows_drawn][points]

  RESIDUA_HD void operator()(std::int64_t k) const {
    if (k >= replacement.count()) return;
    const std::int64_t to = released ? released[k] : k, from = chosen ? chosen[k] : k;
    for (int r = 0; r < rows_drawn; ++r)
      points[r * replacement.points + to] = candidates[r * replacement.candidates + from];
  }
};

}  // namespace residua::cuda
