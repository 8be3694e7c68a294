#pragma once
#include <cmath>

#include "kernels/core/host_device.hpp"

namespace residua {

/// How one coordinate or design input of a term's points is drawn: spread over a range by one dimension of the unit
/// cube, or the same at all points.
struct Axis {
  int dim = -1;        ///< of the unit cube; negative: `lower` at all points
  double lower = 0;    ///< plant units
  double upper = 0;    ///< plant units
  double scale = 1;    ///< plant units over dimensionless ones
  double grading = 1;  ///< above one: denser near the lower end

  /// Dimensionless, for u in [0, 1).
  RESIDUA_HD double at(double u) const {
    return (lower + (upper - lower) * (grading == 1 ? u : std::pow(u, grading))) / scale;
  }
};

}  // namespace residua
