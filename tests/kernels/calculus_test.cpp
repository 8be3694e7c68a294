// Leibniz and Faà di Bruno on jets against closed forms, and what the network propagates for each equation.
#include "kernels/core/calculus.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "kernels/activation.hpp"
#include "kernels/registry.hpp"

namespace residua {
namespace {

/// u_xxxx, u_xxyy and all that they bring along.
constexpr Channels kBeam = [] {
  ChannelUse use;
  use.note(4 * along(0));
  use.note(2 * along(0) + 2 * along(1));
  return use.channels();
}();
using Beam = Taylor<double, kBeam>;

/// Expects every channel of `jet` to be what `derivative(times along x, times along y)` says.
template <class Jet, class Derivatives>
void expect_channels(const Jet& jet, Derivatives&& derivative) {
  constexpr Channels channels = Jet::kChannels;
  for (int k = 0; k < channels.count; ++k) {
    const int i = times(channels.derivative[k], 0), j = times(channels.derivative[k], 1);
    const double expected = derivative(i, j);
    EXPECT_NEAR(jet.e[k], expected, 1e-12 * (1 + std::abs(expected))) << "d" << i << j;
  }
}

TEST(Calculus, SetsOfDerivativesAreClosedAndSorted) {
  static_assert(kBeam.count == 11);  // 1; x y; xx xy yy; xxx xxy xyy; xxxx xxyy
  static_assert(kBeam.order() == 4);
  for (int k = 1; k < kBeam.count; ++k) {
    EXPECT_GE(order(kBeam.derivative[k]), order(kBeam.derivative[k - 1]));
    for (int c = 0; c < 2; ++c) {
      const bool differentiated = times(kBeam.derivative[k], c) > 0;
      EXPECT_TRUE(!differentiated || kBeam.find(kBeam.derivative[k] - along(c)) != Channels::kNone);
    }
  }
}

TEST(Calculus, FaaDiBrunoHasTheBellNumberOfPartitions) {
  const auto partitions = [](Derivative d) {
    int sum = 0;
    const Polynomial rule = faa_di_bruno(d);
    for (int t = 0; t < rule.count; ++t) sum += rule.term[t].coefficient;
    return sum;
  };
  EXPECT_EQ(partitions(along(0)), 1);
  EXPECT_EQ(partitions(along(0) + along(1)), 2);
  EXPECT_EQ(partitions(3 * along(1)), 5);
  EXPECT_EQ(partitions(2 * along(0) + 2 * along(2)), 15);
}

TEST(Calculus, FunctionsOfALinearFormFollowTheirDerivatives) {
  const double a = 0.7, b = -1.3, x = 0.4, y = 0.3, s = 2 + a * x + b * y;
  const auto at = Beam::coordinate(x, 0) * a + Beam::coordinate(y, 1) * b + 2;
  const auto expect = [&](const Beam& jet, auto&& of_order) {
    expect_channels(jet, [&](int i, int j) { return std::pow(a, i) * std::pow(b, j) * of_order(i + j); });
  };
  expect(exp(at), [&](int) { return std::exp(s); });
  expect(sin(at), [&](int n) { return std::sin(s + n * kPi / 2); });
  expect(cos(at), [&](int n) { return std::cos(s + n * kPi / 2); });
  expect(log(at), [&](int n) { return n == 0 ? std::log(s) : -std::tgamma(n) * std::pow(-1 / s, n); });
  expect(1 / at, [&](int n) { return std::tgamma(n + 1) * std::pow(-1 / s, n) / s; });
  expect(sqrt(at), [&](int n) {
    double factor = 1;
    for (int k = 0; k < n; ++k) factor *= 0.5 - k;
    return factor * std::pow(s, 0.5 - n);
  });
  const double t = std::tanh(s), d = 1 - t * t;  // MathWorld, Hyperbolic Tangent
  const double tower[] = {t, d, -2 * t * d, d * (6 * t * t - 2), -8 * t * d * (3 * t * t - 2)};
  expect(tanh(at), [&](int n) { return tower[n]; });
  const double g = -kTwoOverSqrtPi * std::exp(-s * s);
  const double complement[] = {std::erfc(s), g, -2 * s * g, (4 * s * s - 2) * g, (12 * s - 8 * s * s * s) * g};
  expect(erfc_of(at), [&](int n) { return complement[n]; });
  // erfcx = exp(s^2) erfc(s), by the rules for products and exponentials
  const auto product = exp(at * at) * erfc_of(at), scaled = erfcx(at);
  for (int k = 0; k < kBeam.count; ++k) EXPECT_NEAR(scaled.e[k], product.e[k], 1e-11 * (1 + std::abs(product.e[k])));
}

TEST(Calculus, ProductsFollowLeibniz) {
  // x^3 y^2 sin(x), derivatives by hand
  const double x = 0.8, y = 1.7, s = std::sin(x), c = std::cos(x);
  const auto X = Beam::coordinate(x, 0), Y = Beam::coordinate(y, 1);
  const double along_x[] = {x * x * x * s, 3 * x * x * s + x * x * x * c, 6 * x * s + 6 * x * x * c - x * x * x * s,
                            6 * s + 18 * x * c - 9 * x * x * s - x * x * x * c,
                            24 * c - 36 * x * s - 12 * x * x * c + x * x * x * s};
  const double along_y[] = {y * y, 2 * y, 2};
  expect_channels(X * X * X * sin(X) * (Y * Y), [&](int i, int j) { return along_x[i] * along_y[j]; });
}

/// The derivative of the n-th derivative of an activation, by a central difference of sixth order.
double slope_of(Activation activation, int n, double z) {
  const double h = 1e-3;
  const auto at = [&](double x) { return Tower<double, 6>::at(activation, x).d[n]; };
  return (45 * (at(z + h) - at(z - h)) - 9 * (at(z + 2 * h) - at(z - 2 * h)) + at(z + 3 * h) - at(z - 3 * h)) /
         (60 * h);
}

TEST(Activations, TowersAreDerivatives) {
  for (const Activation activation : {Activation::tanh, Activation::sin, Activation::silu, Activation::gelu})
    for (const double z : {-6., -1.2, -0.3, 0., 0.5, 2.1, 7.})
      for (int n = 0; n < 5; ++n)
        EXPECT_NEAR((Tower<double, 6>::at(activation, z).d[n + 1]), slope_of(activation, n, z), 1e-10)
            << int(activation) << " order " << n + 1 << " at " << z;
}

TEST(Activations, ValuesAreThoseOfTheDefinitions) {
  for (const double z : {-9., -0.4, 0., 1.3, 5.}) {
    EXPECT_NEAR((Tower<double, 1>::at(Activation::silu, z).d[0]), z / (1 + std::exp(-z)), 1e-15);
    EXPECT_NEAR((Tower<double, 1>::at(Activation::gelu, z).d[0]), z * std::erfc(-z / std::sqrt(2)) / 2, 1e-14);
  }
}

template <class Ph>
constexpr const Propagation& interior = kCollapse<Ph, std::tuple_element_t<0, typename Ph::Terms>>.propagation;

TEST(Propagation, CarriesNoMoreThanTheEquationNeeds) {
  using namespace physics;
  static_assert(interior<Heat>.count() == 3);         // u, u_x, u_t - D u_xx
  static_assert(interior<HeatRod>.count() == 3);      // through a transform as well
  static_assert(interior<Burgers>.count() == 3);      // u u_x beside a linear part
  static_assert(interior<Transport2d>.count() == 4);  // u, u_x, u_y, and one for u_t, u_xx, u_yy
  static_assert(interior<Kdv>.count() == 4);          // u, u_x, u_xx, u_t + m u_xxx
  static_assert(interior<KilnWall>.count() == 4 && !interior<KilnWall>.collapsed);        // k(T) T_xx is not linear
  static_assert(interior<LeachColumn>.count() == 4 && !interior<LeachColumn>.collapsed);  // two operators
  static_assert(kCollapse<Heat, Heat::Left>.propagation.count() == 1);
}

}  // namespace
}  // namespace residua
