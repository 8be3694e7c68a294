#include "surrogates/quick_tanh.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace residua {
namespace {

float quick(float z) { return quick_tanh(Pack<float>(z))[0]; }

TEST(QuickTanh, IsTanhToAFewRoundings) {
  constexpr float kRounding = std::numeric_limits<float>::epsilon();
  for (float z = 1e-6f; z < 20; z *= 1.0003f) {
    const double expected = std::tanh(double(z));
    ASSERT_NEAR(quick(z), expected, 3 * kRounding * expected) << z;
    ASSERT_EQ(quick(-z), -quick(z));
  }
}

TEST(QuickTanh, KnowsTheEndsAndWhatIsNoNumber) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(quick(0), 0);
  EXPECT_NEAR(quick(kInfinity), 1, 2e-7);
  EXPECT_NEAR(quick(-kInfinity), -1, 2e-7);
  EXPECT_TRUE(std::isnan(quick(std::nanf(""))));
}

}  // namespace
}  // namespace residua
