#include "pinn/fit.hpp"

#include <gmock/gmock.h>

#include <cmath>

#include "tests/pinn/thrown.hpp"
#include "tests/surrogates/random_model.hpp"
#include "tests/surrogates/temporary_folder.hpp"

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

class SurrogateFit : public ::testing::Test {
 protected:
  SurrogateFit() { save(random_model("leach_column"), folder_ / "column.h5"); }

  TemporaryFolder folder_;
  BreakthroughCurve curve_{{0.5, 1, 2, 3.5, 5, 7}, "flux", {{"depth", 1.}, {"retardation", 1.5}}, 0};
};

TEST_F(SurrogateFit, LeavesFreeWhatIsNotKnown) {
  const Surrogate surrogate(folder_ / "column.h5");
  const auto free = free_parameters(surrogate, curve_);
  ASSERT_EQ(free.size(), 3u);
  EXPECT_EQ(free[0].name, "peclet");
  EXPECT_EQ(free[0].lower, 20);
  EXPECT_EQ(free[0].upper, 120);
  EXPECT_EQ(free[0].value, 70);
  EXPECT_EQ(free[1].name, "mobile_fraction");
  EXPECT_EQ(free[2].name, "exchange");
}

TEST_F(SurrogateFit, ModelHasTheDerivativesOfItsValues) {
  const Surrogate surrogate(folder_ / "column.h5");
  for (const double pulse : {0., 1.5}) {
    SCOPED_TRACE(pulse);
    curve_.pulse = pulse;
    const FitModel model = surrogate_model(surrogate, curve_);
    const std::vector<double> at{50, 0.7, 2};
    std::vector<double> values(6), plain(6), jacobian(18), up(6), down(6);
    model(at, values, jacobian);
    model(at, plain, {});
    for (std::size_t i = 0; i < 6; ++i) EXPECT_NEAR(values[i], plain[i], 1e-12);
    for (std::size_t k = 0; k < 3; ++k) {
      const double h = 1e-5 * at[k];
      auto moved = at;
      moved[k] = at[k] + h;
      model(moved, up, {});
      moved[k] = at[k] - h;
      model(moved, down, {});
      for (std::size_t i = 0; i < 6; ++i)
        EXPECT_NEAR(jacobian[i * 3 + k] * at[k], (up[i] - down[i]) / 2e-5, 1e-7) << "time " << i << ", parameter " << k;
    }
  }
}

TEST_F(SurrogateFit, PulseTakesTheStepBackAfterItsEnd) {
  const Surrogate surrogate(folder_ / "column.h5");
  const std::vector<double> at{50, 0.7, 2};
  const auto values_of = [&](std::vector<double> times, double pulse) {
    auto curve = curve_;
    curve.times = times;
    curve.pulse = pulse;
    std::vector<double> values(times.size());
    surrogate_model(surrogate, curve)(at, values, {});
    return values;
  };
  const auto step = values_of({1, 2, 4, 2.5}, 0), pulse = values_of({1, 2, 4}, 1.5);
  EXPECT_DOUBLE_EQ(pulse[0], step[0]);
  EXPECT_DOUBLE_EQ(pulse[1], step[1] - values_of({0.5}, 0)[0]);
  EXPECT_DOUBLE_EQ(pulse[2], step[2] - step[3]);
}

TEST_F(SurrogateFit, RecoversItsOwnInputs) {
  const Surrogate surrogate(folder_ / "column.h5");
  curve_.known = {{"depth", 1.}, {"retardation", 1.5}, {"mobile_fraction", 0.7}};
  curve_.times.clear();
  for (int i = 1; i <= 40; ++i) curve_.times.push_back(0.2 * i);
  const FitModel model = surrogate_model(surrogate, curve_);
  std::vector<double> measured(40);
  model(std::vector{50., 2.}, measured, {});
  const FitResult result = fit(model, measured, free_parameters(surrogate, curve_));
  EXPECT_NEAR(result.params[0].value, 50, 1e-3);
  EXPECT_NEAR(result.params[1].value, 2, 1e-4);
}

TEST_F(SurrogateFit, ListsTheKnownNamesForAnUnknownOne) {
  const Surrogate surrogate(folder_ / "column.h5");
  auto curve = curve_;
  curve.known.push_back({"peklet", 3});
  EXPECT_THAT(thrown_by([&] { free_parameters(surrogate, curve); }),
              AllOf(HasSubstr("input 'peklet'"), HasSubstr("expected one of time, depth, peclet, retardation")));
  EXPECT_THAT(thrown_by([&] { surrogate_model(surrogate, curve); }), HasSubstr("peklet"));
  curve = curve_;
  curve.output = "flow";
  EXPECT_THAT(thrown_by([&] { free_parameters(surrogate, curve); }),
              AllOf(HasSubstr("output 'flow'"), HasSubstr("expected one of mobile, immobile, flux")));
}

TEST_F(SurrogateFit, NeedsASurrogateThatKnowsTime) {
  save(random_model("kiln_axial_steady"), folder_ / "steady.h5");
  const Surrogate steady(folder_ / "steady.h5");
  const BreakthroughCurve curve{{1, 2}, "gas_temperature", {}, 0};
  EXPECT_THAT(thrown_by([&] { free_parameters(steady, curve); }), AllOf(HasSubstr("'time'"), HasSubstr("axis")));
}

}  // namespace
}  // namespace residua
