// The transform of the Allen-Cahn equation, which has to take away the kink of the start.
#include "kernels/physics/allen_cahn.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

namespace residua {
namespace {

using Ph = physics::AllenCahn;

constexpr Channels third_order() {
  ChannelUse use;
  const TraceJet u{&use};
  (void)u.d(Ph::w, Ph::x, Ph::x, Ph::x);
  return use.channels();
}
using X = Taylor<double, third_order()>;

/// The field and its derivatives along x, to the third, for a network that answers zero.
std::array<double, 4> field(double t, double x, double diffusivity = 1e-4) {
  constexpr Channels C = X::kChannels;
  const X at[] = {X::coordinate(t, Ph::t), X::coordinate(x, Ph::x)}, net[] = {X(0)};
  const double p[] = {diffusivity, 5};
  const X w = transform_of<Ph>(at, p, net)[Ph::w];
  constexpr Derivative along_x = along(Ph::x);
  return {w.e[0], w.e[C.find(along_x)], w.e[C.find(2 * along_x)], w.e[C.find(3 * along_x)]};
}

TEST(AllenCahnTransform, StartsFromTheInitialState) {
  for (const double x : {-.999, -.5, 0., .3, .98}) EXPECT_NEAR(field(0, x)[0], x * x * std::cos(kPi * x), 1e-15);
  for (const double x : {-1., 1.}) EXPECT_NEAR(field(0, x)[0], -1, 2e-9);
}

TEST(AllenCahnTransform, HasNoKinkWhereThePeriodCloses) {
  // The field is even, so that smoothness across x = +-1 is that its odd derivatives vanish there.
  for (const double t : {1e-4, 1e-2, .3, 1.}) {
    const auto left = field(t, -1), right = field(t, 1);
    const double width = std::sqrt(4e-4 * t);
    EXPECT_NEAR(left[0], right[0], 1e-14);
    EXPECT_NEAR(left[1], 0, 1e-12);
    EXPECT_NEAR(right[1], 0, 1e-12);
    EXPECT_NEAR(left[2], right[2], 1e-12 * std::abs(right[2]));
    EXPECT_NEAR(left[3], 0, 1e-11 / (width * width));
    EXPECT_NEAR(right[3], 0, 1e-11 / (width * width));
    // Inside, slopes are those of the values next to them, also across the end: field(1 + h) is field(1 - h).
    const double h = width / 100;
    EXPECT_NEAR((2 * field(t, 1 - h)[0] - 2 * right[0]) / (h * h), right[2], 1e-3 * std::abs(right[2]));
  }
  EXPECT_NEAR(field(0, 1 - 1e-6)[1], -2, 1e-4);  // while at the start there is one
}

TEST(AllenCahnTransform, IsSmoothInTheMiddleOfThePeriod) {
  for (const double t : {1e-2, 1.})
    for (const double diffusivity : {1e-4, 1e-3}) {
      const auto left = field(t, -1e-9, diffusivity), right = field(t, 1e-9, diffusivity);
      for (int order = 0; order < 3; ++order) EXPECT_NEAR(left[std::size_t(order)], right[std::size_t(order)], 1e-6);
    }
}

TEST(AllenCahnTransform, LetsTheKinkDiffuseAsHeat) {
  // u_t - D u_xx near x = 1 is free of the singular curvature 4 / sqrt(pi D t) / 2, which u_xx itself has.
  const double t = 1e-3, D = 1e-4, h = 1e-5;
  const double u_t = (field(t + h, 1)[0] - field(t - h, 1)[0]) / (2 * h), u_xx = field(t, 1)[2];
  EXPECT_NEAR(u_xx, 2 / std::sqrt(kPi * D * t), .1 * u_xx);
  EXPECT_LT(std::abs(u_t - D * u_xx), .1 * D * u_xx);
}

}  // namespace
}  // namespace residua
