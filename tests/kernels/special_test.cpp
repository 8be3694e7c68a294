// Special functions against those of the C library in extended precision.
#include "kernels/core/special.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/core/pack.hpp"

namespace residua {
namespace {

/// Of a function at 0 to 100, the largest relative error in units of rounding: exp(y^2) erfc(y) in extended precision
/// is good to 1e-15 there.
template <class S, class F>
double worst_error(F&& f) {
  long double worst = 0;
  for (int i = 0; i <= 100000; ++i) {
    const S y = S(std::pow(i / 1e5, 3) * 100);
    const long double exact = std::exp((long double)y * y) * std::erfc((long double)y);
    worst = std::max(worst, std::abs(((long double)f(y) - exact) / exact));
  }
  return double(worst / std::numeric_limits<S>::epsilon());
}

TEST(Special, ScaledErrorFunctionIsGoodToRounding) {
  EXPECT_LT(worst_error<double>([](double y) { return erfcx(y); }), 12);
  EXPECT_LT(worst_error<float>([](float y) { return erfcx(y); }), 4);
  EXPECT_LT(worst_error<float>([](float y) { return erfcx(Pack<float>(y))[0]; }), 4);
}

TEST(Special, ScaledErrorFunctionEndsAsItsReciprocal) {
  for (const double y : {1e3, 1e6, 1e12}) EXPECT_NEAR(erfcx(y) * y * std::sqrt(kPi), 1, 1e-6);
  EXPECT_NEAR(erfcx(1e6F) * 1e6F * std::sqrt(float(kPi)), 1, 1e-6);
}

TEST(Special, ErrorFunctionOfBothSigns) {
  for (double x = -6; x <= 6; x += 0.01) {
    EXPECT_NEAR(erfc_of(x), std::erfc(x), 4e-15);
    EXPECT_NEAR(erfc_of(float(x)), std::erfc(x), 4e-7) << x;
  }
}

}  // namespace
}  // namespace residua
