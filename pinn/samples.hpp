#pragma once
#include <cstdint>
#include <vector>

#include "pinn/share.hpp"

namespace residua {

/// Points of one term, dimensionless rows as the kernels want them.
struct Samples {
  std::int64_t n = 0;
  std::vector<double> coords;  ///< [coords][n]
  std::vector<double> design;  ///< [design inputs][n]
};

/// Some of the points: those of a share, or those `chosen`, in that order.
Samples part(const Samples& samples, const Share& share);
Samples part(const Samples& samples, const std::vector<std::int64_t>& chosen);

/// The points of both, those of `a` first.
Samples joined(const Samples& a, const Samples& b);

/// Of `count` rows [count][n], the columns of a share.
std::vector<double> columns(const double* rows, std::int64_t count, std::int64_t n, const Share& share);

}  // namespace residua
