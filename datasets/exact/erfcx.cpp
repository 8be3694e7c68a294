#include "datasets/exact/erfcx.hpp"

#include <boost/math/special_functions/erf.hpp>
#include <cmath>
#include <numbers>

namespace residua::exact {

double erfcx(double y) {
  constexpr double kAsymptotic = 12;  // eight terms of the series are exact to 1e-15 from here on
  if (y < kAsymptotic) return std::exp(y * y) * boost::math::erfc(y);
  const double q = 1 / (2 * y * y);
  double term = 1, sum = 1;
  for (int k = 1; k <= 8; ++k) {
    term *= -(2 * k - 1) * q;
    sum += term;
  }
  return sum / (y * std::sqrt(std::numbers::pi));
}

double exp_erfc(double a, double y) {
  return y > 0 ? std::exp(a - y * y) * erfcx(y) : std::exp(a) * boost::math::erfc(y);
}

}  // namespace residua::exact
