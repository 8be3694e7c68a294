#include "surrogates/quick_tanh.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace residua {
namespace {

template <class S>
S quick(S z) {
  return quick_tanh(Pack<S>(z))[0];
}

template <class S>
void expect_tanh_to(double roundings) {
  constexpr double kRounding = std::numeric_limits<S>::epsilon() / 2;
  for (S z = S(1e-6); z < S(30); z *= S(1.0003)) {
    const long double expected = std::tanh((long double)(z));
    ASSERT_NEAR(double((quick(z) - expected) / expected), 0, roundings * kRounding) << z;
    ASSERT_EQ(quick(-z), -quick(z));
  }
}
TEST(QuickTanh, IsTanhToAFewRoundings) {
  expect_tanh_to<float>(6);
  expect_tanh_to<double>(4);
}

template <class S>
void expect_ends() {
  constexpr S kInfinity = std::numeric_limits<S>::infinity(), kRounding = std::numeric_limits<S>::epsilon();
  EXPECT_EQ(quick(S(0)), 0);
  EXPECT_NEAR(quick(kInfinity), 1, 2 * kRounding);
  EXPECT_NEAR(quick(-kInfinity), -1, 2 * kRounding);
  EXPECT_EQ(quick(std::numeric_limits<S>::denorm_min()), std::numeric_limits<S>::denorm_min());
  EXPECT_TRUE(std::isnan(quick(std::numeric_limits<S>::quiet_NaN())));
}
TEST(QuickTanh, KnowsTheEndsAndWhatIsNoNumber) {
  expect_ends<float>();
  expect_ends<double>();
}

}  // namespace
}  // namespace residua
