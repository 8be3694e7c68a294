#pragma once
#include <span>

namespace residua {

/// Value and slope of the cubic through the four nodes around a point.
struct Interpolated {
  double value;
  double slope;
};

/// Local cubic (Lagrange) interpolation of y at rising nodes x; at least four nodes, else Error. Outside the nodes it
/// continues the outermost cubic. Fourth order in the spacing for the value, third for the slope.
Interpolated interpolate(std::span<const double> x, std::span<const double> y, double at);

}  // namespace residua
