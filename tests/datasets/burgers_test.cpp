#include "datasets/exact/burgers.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "kernels/core/error.hpp"

namespace residua::exact {
namespace {

using std::numbers::pi;
constexpr double kViscosity = 0.01 / pi;

// The same ratio of integrals by the trapezoidal rule over all of the axis that matters, in extended precision.
double by_trapezoid(double t, double x, double nu) {
  constexpr int kPoints = 40000;
  long double above = 0, below = 0;
  for (int i = -kPoints; i <= kPoints; ++i) {
    const long double e = 3.0L * i / kPoints;
    const long double weight = std::exp(-std::cos(pi * (x - e)) / (2 * pi * nu) - e * e / (4 * nu * t));
    above += weight * std::sin(pi * (x - e));
    below += weight;
  }
  return static_cast<double>(-above / below);
}

TEST(Burgers, AgreesWithAnotherQuadratureThroughTheShock) {
  for (double t : {.05, .2, .5, .99})
    for (double x : {-.9, -.3, -.01, 0.0, .002, .02, .3, .77})
      EXPECT_NEAR(burgers(t, x, kViscosity), by_trapezoid(t, x, kViscosity), 1e-10) << t << " " << x;
}

TEST(Burgers, HasBasdevantsSteepestSlope) {
  // Basdevant et al. (1986): max |u_x| at x = 0 is 152.00516, reached at pi t = 1.6037.
  const double t = 1.6037 / pi, step = 1e-5;
  EXPECT_NEAR((burgers(t, step, kViscosity) - burgers(t, -step, kViscosity)) / (2 * step), -152.00516, 2e-3);
}

TEST(Burgers, StartsFromASineAndVanishesAtTheEnds) {
  for (double x : {-.6, .1, .8}) {
    EXPECT_DOUBLE_EQ(burgers(0, x, kViscosity), -std::sin(pi * x));
    EXPECT_NEAR(burgers(1e-9, x, kViscosity), -std::sin(pi * x), 1e-7);
  }
  for (double t : {.1, .7}) EXPECT_NEAR(burgers(t, 1, kViscosity), 0, 1e-12);
}

TEST(Burgers, RefusesNegativeTimeAndViscosity) {
  EXPECT_THROW(burgers(-1, 0, kViscosity), Error);
  EXPECT_THROW(burgers(1, 0, 0), Error);
}

}  // namespace
}  // namespace residua::exact
