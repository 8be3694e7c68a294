#include "datasets/exact/mim.hpp"

#include <gtest/gtest.h>

#include <array>
#include <boost/math/special_functions/bessel.hpp>
#include <boost/multiprecision/cpp_complex.hpp>
#include <cmath>
#include <random>

#include "datasets/exact/adr.hpp"
#include "datasets/exact/laplace.hpp"
#include "kernels/core/error.hpp"

namespace residua::exact {
namespace {

namespace mp = boost::multiprecision;
using Long = mp::number<mp::cpp_bin_float<110>, mp::et_off>;
using LongComplex = mp::number<mp::complex_adaptor<mp::cpp_bin_float<110>>, mp::et_off>;

// Talbot's contour in 110 digits: at any time, also long before the front, and for the transform as first written down.
MimValue truth(const Mim& p, Inlet inlet, double z, double t) {
  const Long peclet = p.peclet, r = p.retardation, beta = p.mobile_fraction, omega = p.exchange, decay = p.decay;
  const auto transform = [&](const LongComplex& s, bool immobile) {
    const LongComplex ratio = omega / (omega + (1 - beta) * r * s + decay);
    const LongComplex phi = s * beta * r + decay + (Long(1) - ratio) * omega;
    const LongComplex w = sqrt(LongComplex(Long(1) + phi * Long(4) / peclet));
    LongComplex c = exp(LongComplex((Long(1) - w) * (peclet * Long(z) / 2))) / s;
    if (inlet == Inlet::third_type) c = c * Long(2) / (Long(1) + w);
    return immobile ? LongComplex(c * ratio) : c;
  };
  const auto invert = [&](bool immobile) {
    return static_cast<double>(
        talbot<Long, LongComplex>([&](const LongComplex& s) { return transform(s, immobile); }, Long(t), 140));
  };
  return {invert(false), invert(true)};
}

struct Draw {
  Mim column;
  double z, t;
};

// The whole range promised: Pe 5..200, R 1..5, beta .4...98, omega .05..10, T 0.01..12, Z 0..1.5.
class Draws {
 public:
  Draw operator()() {
    Draw d{{log(5, 200), log(1, 5), uniform(.4, .98), log(.05, 10)}, uniform(0, 1.5), 0};
    d.t = ++count_ % 2 == 0 ? log(.01, 12) : uniform(.01, 12);
    return d;
  }
  double log(double low, double high) { return low * std::pow(high / low, uniform(0, 1)); }
  double uniform(double low, double high) { return low + (high - low) * (generator_() * 0x1p-64); }

 private:
  std::mt19937_64 generator_{7};
  int count_ = 0;
};

void expect_near(const MimValue& found, const MimValue& expected, double tolerance, const Draw& d) {
  SCOPED_TRACE(testing::Message() << "Pe " << d.column.peclet << " R " << d.column.retardation << " beta "
                                  << d.column.mobile_fraction << " omega " << d.column.exchange << " Da "
                                  << d.column.decay << " Z " << d.z << " T " << d.t);
  EXPECT_NEAR(found.mobile, expected.mobile, tolerance);
  EXPECT_NEAR(found.immobile, expected.immobile, tolerance);
}

TEST(Mim, GoldsteinsJHasItsGoldenValuesAndItsSymmetry) {
  EXPECT_NEAR(goldstein_j(2, 3), .75301130062777, 1e-13);
  EXPECT_NEAR(goldstein_j(10, 8), .36209664714097, 1e-13);
  for (double x : {.01, 1.0, 7.0, 60.0})
    for (double y : {.02, 2.0, 5.0, 80.0}) {
      const double bessel = boost::math::cyl_bessel_i(0, 2 * std::sqrt(x * y));
      EXPECT_NEAR(goldstein_j(x, y) + goldstein_j(y, x), 1 + std::exp(-x - y) * bessel, 1e-12);
    }
}

TEST(Mim, ReproducesTheGoldenBreakthrough) {
  const Mim column{100, 2, .5, 1};
  const std::array t{1.0, 1.5, 2.0, 3.0, 5.0};
  const std::array mobile{.2360323340, .5292707149, .6522521273, .8146349624, .9511189440};
  const std::array immobile{.0238370243, .1853304375, .3479884970, .6048747615, .8746812840};
  const std::array third{.22209335175, .52295426292, .64703740321, .81128956892, .94998608554};
  for (std::size_t i = 0; i < t.size(); ++i) {
    EXPECT_NEAR(mim_step(column, Inlet::first_type, 1, t[i]).mobile, mobile[i], 1e-10);
    EXPECT_NEAR(mim_step(column, Inlet::first_type, 1, t[i]).immobile, immobile[i], 1e-10);
    EXPECT_NEAR(mim_step(column, Inlet::third_type, 1, t[i]).mobile, third[i], 1e-10);
    EXPECT_NEAR(mim_step_quadrature(column, Inlet::first_type, 1, t[i]).mobile, mobile[i], 1e-10);
    EXPECT_NEAR(mim_step_quadrature(column, Inlet::first_type, 1, t[i]).immobile, immobile[i], 1e-10);
    EXPECT_NEAR(mim_step_quadrature(column, Inlet::third_type, 1, t[i]).mobile, third[i], 1e-10);
  }
  const std::array early{.6, .8, 1.0, 1.5, 2.5};
  const std::array value{.3743945550, .6358742626, .7249248540, .8314824858, .9363848887};
  for (std::size_t i = 0; i < early.size(); ++i)
    EXPECT_NEAR(mim_step({40, 1, .6, .5}, Inlet::first_type, 1, early[i]).mobile, value[i], 1e-10);
}

TEST(Mim, ContourAndQuadratureAgreeOverTheWholeRange) {
  Draws draw;
  for (int i = 0; i < 200; ++i) {
    const Draw d = draw();
    for (Inlet inlet : {Inlet::first_type, Inlet::third_type})
      expect_near(mim_step(d.column, inlet, d.z, d.t), mim_step_quadrature(d.column, inlet, d.z, d.t), 1e-9, d);
  }
}

TEST(Mim, ContourAgreesWithManyDigitsOverTheWholeRangeAndWithDecay) {
  Draws draw;
  for (int i = 0; i < 60; ++i) {
    Draw d = draw();
    if (i % 2 == 0) d.column.decay = draw.log(.01, 3);
    const Inlet inlet = i % 4 < 2 ? Inlet::first_type : Inlet::third_type;
    expect_near(mim_step(d.column, inlet, d.z, d.t), truth(d.column, inlet, d.z, d.t), 1e-10, d);
  }
}

TEST(Mim, WithoutImmobileWaterItIsPlainDispersion) {
  for (double t : {.05, .5, 1.0, 2.0, 8.0})
    for (double z : {0.0, .3, 1.0}) {
      EXPECT_NEAR(mim_step({40, 1.5}, Inlet::first_type, z, t).mobile, adr_first_type({1, 1. / 40, 1.5}, z, t), 1e-10);
      EXPECT_NEAR(mim_step({40, 1.5}, Inlet::third_type, z, t).mobile, adr_third_type({1, 1. / 40, 1.5}, z, t), 1e-10);
    }
}

TEST(Mim, TheInletConcentrationOfFirstTypeIsOne) {
  for (double t : {.01, 1.0, 12.0}) EXPECT_NEAR(mim_step({80, 2, .5, 3}, Inlet::first_type, 0, t).mobile, 1, 1e-10);
}

TEST(Mim, FluxOfTheThirdTypeColumnIsTheFirstTypeSolution) {
  const Mim column{60, 1.3, .7, .8, .1};
  constexpr double kStep = 1e-4;
  for (double t : {.4, 1.0, 2.0}) {
    const auto at = [&](double z) { return mim_step(column, Inlet::third_type, z, t).mobile; };
    const double slope =
        (at(.8 - 2 * kStep) - 8 * at(.8 - kStep) + 8 * at(.8 + kStep) - at(.8 + 2 * kStep)) / 12 / kStep;
    EXPECT_NEAR(at(.8) - slope / column.peclet, mim_step(column, Inlet::first_type, .8, t).mobile, 1e-8);
  }
}

TEST(Mim, RefusesWrongParameters) {
  EXPECT_THROW(mim_step({0, 1, .5, 1}, Inlet::first_type, 1, 1), Error);
  EXPECT_THROW(mim_step({10, 1, 1.5, 1}, Inlet::first_type, 1, 1), Error);
  EXPECT_THROW(mim_step({10, 1, .5, -1}, Inlet::first_type, 1, 1), Error);
  EXPECT_THROW(mim_step({10, 1, .5, 1}, Inlet::first_type, -1, 1), Error);
  EXPECT_THROW(mim_step_quadrature({10, 1, .5, 1, .1}, Inlet::first_type, 1, 1), Error);
}

}  // namespace
}  // namespace residua::exact
