#include "pinn/fit.hpp"

#include <gmock/gmock.h>

#include <cmath>

#include "tests/pinn/thrown.hpp"

namespace residua {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

/// a exp(-b t) with its exact derivatives.
FitModel decay_at(const std::vector<double>& times) {
  return [times](std::span<const double> p, std::span<double> values, std::span<double> jacobian) {
    for (std::size_t i = 0; i < times.size(); ++i) {
      const double e = std::exp(-p[1] * times[i]);
      values[i] = p[0] * e;
      if (jacobian.empty()) continue;
      jacobian[2 * i] = e;
      jacobian[2 * i + 1] = -p[0] * times[i] * e;
    }
  };
}

const std::vector<double> kTimes{0, 0.25, 0.5, 1, 1.5, 2, 3, 4};

std::vector<double> decayed(double a, double b) {
  std::vector<double> values(kTimes.size());
  decay_at(kTimes)(std::vector{a, b}, values, {});
  return values;
}

TEST(Fit, RecoversTheParametersOfExactMeasurements) {
  const FitResult result = fit(decay_at(kTimes), decayed(3, 0.7), {{"a", 0, 10, 5}, {"b", 0.01, 5, 2.5}});
  ASSERT_EQ(result.params.size(), 2u);
  EXPECT_EQ(result.params[0].name, "a");
  EXPECT_NEAR(result.params[0].value, 3, 1e-7);
  EXPECT_NEAR(result.params[1].value, 0.7, 1e-7);
  EXPECT_LT(result.rmse, 1e-7);
  EXPECT_GT(result.evaluations, 1);
}

TEST(Fit, OfNoisyMeasurementsIsTheLeastSquaresSolution) {
  // p0 + p1 t: the closed form is the regression line.
  const FitModel line = [](std::span<const double> p, std::span<double> values, std::span<double> jacobian) {
    for (std::size_t i = 0; i < kTimes.size(); ++i) {
      values[i] = p[0] + p[1] * kTimes[i];
      if (jacobian.empty()) continue;
      jacobian[2 * i] = 1;
      jacobian[2 * i + 1] = kTimes[i];
    }
  };
  const std::vector<double> measured{0.1, 0.4, 0.2, 0.8, 0.9, 1.6, 1.7, 2.6};
  double n = 0, t = 0, y = 0, tt = 0, ty = 0;
  for (std::size_t i = 0; i < kTimes.size(); ++i) {
    n += 1;
    t += kTimes[i];
    y += measured[i];
    tt += kTimes[i] * kTimes[i];
    ty += kTimes[i] * measured[i];
  }
  const double slope = (n * ty - t * y) / (n * tt - t * t), level = (y - slope * t) / n;
  const FitResult result = fit(line, measured, {{"level", -1, 1, 0.5}, {"slope", -2, 2, 1}});
  EXPECT_NEAR(result.params[0].value, level, 1e-7);
  EXPECT_NEAR(result.params[1].value, slope, 1e-7);
  double sum = 0;
  for (std::size_t i = 0; i < kTimes.size(); ++i) {
    EXPECT_NEAR(result.fitted[i], level + slope * kTimes[i], 1e-6);
    sum += (measured[i] - level - slope * kTimes[i]) * (measured[i] - level - slope * kTimes[i]);
  }
  EXPECT_NEAR(result.rmse, std::sqrt(sum / 8), 1e-9);
}

TEST(Fit, StaysWithinBoundsThatLeaveTheTruthOut) {
  const FitResult result = fit(decay_at(kTimes), decayed(3, 0.7), {{"a", 0, 2, 1}, {"b", 0.01, 5, 2.5}});
  EXPECT_LE(result.params[0].value, 2);
  EXPECT_GT(result.params[0].value, 1.99);
  EXPECT_GT(result.params[1].value, 0.01);
  EXPECT_LT(result.params[1].value, 0.7);  // a start too low calls for a slower decay
}

TEST(Fit, MayStartOnABound) {
  const FitResult result = fit(decay_at(kTimes), decayed(3, 0.7), {{"a", 0, 10, 0}, {"b", 0.01, 5, 0.01}});
  EXPECT_NEAR(result.params[0].value, 3, 1e-5);
  EXPECT_NEAR(result.params[1].value, 0.7, 1e-5);
}

TEST(Fit, NeedsMoreMeasurementsThanParameters) {
  const std::vector<double> two{1, 2};
  EXPECT_THAT(thrown_by([&] {
                fit(decay_at({0, 1}), two, {{"a", 0, 1, 0.5}, {"b", 0, 1, 0.5}});
              }),
              AllOf(HasSubstr("expected more measurements"), HasSubstr("2 for 2")));
}

}  // namespace
}  // namespace residua
