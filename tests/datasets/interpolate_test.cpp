#include "datasets/interpolate.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "kernels/core/error.hpp"

namespace residua {
namespace {

TEST(Interpolate, IsExactForACubicOnUnevenNodes) {
  const std::vector<double> x{0, .1, .35, .4, .9, 1.2};
  std::vector<double> y;
  for (double at : x) y.push_back(2 - at + 3 * at * at - 4 * at * at * at);
  for (double at : {-.1, 0.0, .2, .4, .77, 1.2}) {
    EXPECT_NEAR(interpolate(x, y, at).value, 2 - at + 3 * at * at - 4 * at * at * at, 1e-13);
    EXPECT_NEAR(interpolate(x, y, at).slope, -1 + 6 * at - 12 * at * at, 1e-12);
  }
}

TEST(Interpolate, NeedsFourNodes) {
  const std::vector<double> three{0, 1, 2};
  EXPECT_THROW(interpolate(three, three, 1), Error);
}

}  // namespace
}  // namespace residua
