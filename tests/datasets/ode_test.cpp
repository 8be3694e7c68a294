#include "datasets/ode.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "datasets/dae.hpp"
#include "kernels/core/error.hpp"

namespace residua {
namespace {

TEST(Ode, FollowsAStiffLinearProblemAtTheTimesAsked) {
  // y' = -1000 (y - cos t) - sin t: y = cos t after a start at 1.
  Ode ode([](double t, const double* y, double* rate) { rate[0] = -1000 * (y[0] - std::cos(t)) - std::sin(t); }, 0,
          {1});
  for (double t : {0.0, .001, .7, .7, 5.0}) EXPECT_NEAR(ode.advance(t)[0], std::cos(t), 1e-7);
  EXPECT_LT(ode.steps(), 1000);
}

TEST(Ode, BandedAndDenseAgree) {
  constexpr int kCells = 30;
  const auto heat = [](double, const double* y, double* rate) {
    for (int i = 0; i < kCells; ++i)
      rate[i] = 900 * ((i > 0 ? y[i - 1] : 1) - 2 * y[i] + (i + 1 < kCells ? y[i + 1] : 0));
  };
  Ode dense(heat, 0, std::vector<double>(kCells, 0));
  Ode banded(heat, 0, std::vector<double>(kCells, 0), {.band = Band{1, 1}});
  const auto a = dense.advance(.05), b = banded.advance(.05);
  for (int i = 0; i < kCells; ++i) EXPECT_NEAR(a[i], b[i], 1e-7);
}

TEST(Ode, PassesOnWhatTheRateThrows) {
  Ode ode(
      [](double t, const double*, double* rate) {
        if (t > .5) throw Error("the kiln is on fire");
        rate[0] = 1;
      },
      0, {0});
  try {
    ode.advance(2);
    FAIL() << "did not throw";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "the kiln is on fire");
  }
}

TEST(Ode, SaysWhereItStops) {
  Ode ode([](double, const double* y, double* rate) { rate[0] = y[0] * y[0]; }, 0, {1});  // infinite at t = 1
  try {
    ode.advance(2);
    FAIL() << "did not throw";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("stopped at t = 0.9999"), std::string::npos) << error.what();
  }
  EXPECT_THROW(ode.advance(0), Error);
}

TEST(Dae, SolvesForAConsistentStartAndFollowsTheConstraint) {
  // x' = -y, x^2 - y = 0 from x = 1: x = 1/(1 + t).
  Dae dae(
      [](double, const double* y, const double* rate, double* r) {
        r[0] = rate[0] + y[1];
        r[1] = y[0] * y[0] - y[1];
      },
      0, {1, 5}, {true, false}, 1e-3);
  EXPECT_NEAR(dae.advance(0)[1], 1, 1e-9);
  EXPECT_NEAR(dae.rate()[0], -1, 1e-9);
  const auto y = dae.advance(3);
  EXPECT_NEAR(y[0], .25, 1e-7);
  EXPECT_NEAR(y[1], .0625, 1e-7);
}

TEST(Dae, RefusesAConstraintThatCannotBeMet) {
  EXPECT_THROW(Dae(
                   [](double, const double* y, const double* rate, double* r) {
                     r[0] = rate[0];
                     r[1] = y[1] * y[1] + 1;
                   },
                   0, {1, 1}, {true, false}, 1e-3),
               Error);
}

}  // namespace
}  // namespace residua
