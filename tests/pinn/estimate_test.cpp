#include "pinn/estimate.hpp"

#include <gmock/gmock.h>

#include <boost/random/mersenne_twister.hpp>
#include <boost/random/normal_distribution.hpp>
#include <cmath>
#include <optional>

#include "tests/pinn/thrown.hpp"
#include "tests/surrogates/random_model.hpp"
#include "tests/surrogates/temporary_folder.hpp"

namespace residua {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<double> noise(std::size_t n, double sigma, unsigned seed) {
  boost::random::mt19937_64 engine(seed);
  boost::random::normal_distribution<double> normal(0, sigma);
  std::vector<double> values(n);
  for (double& v : values) v = normal(engine);
  return values;
}

Measurements measured(const std::vector<double>& values, double sigma = 0) {
  Measurements m;
  for (std::size_t i = 0; i < values.size(); ++i) m.observations.push_back({i, 0, values[i], sigma});
  return m;
}

/// p0 + p1 t at t = 0, 1, ...
FitModel line(std::size_t n) {
  return [n](std::span<const double> p, std::span<double> values, std::span<double> jacobian) {
    for (std::size_t i = 0; i < n; ++i) {
      values[i] = p[0] + p[1] * double(i);
      if (jacobian.empty()) continue;
      jacobian[2 * i] = 1;
      jacobian[2 * i + 1] = double(i);
    }
  };
}

/// a exp(-b t) at t = 0, 0.1, ...
FitModel decay(std::size_t n) {
  return [n](std::span<const double> p, std::span<double> values, std::span<double> jacobian) {
    for (std::size_t i = 0; i < n; ++i) {
      const double t = 0.1 * double(i), e = std::exp(-p[1] * t);
      values[i] = p[0] * e;
      if (jacobian.empty()) continue;
      jacobian[2 * i] = e;
      jacobian[2 * i + 1] = -p[0] * t * e;
    }
  };
}

const std::vector<FitParameter> kLine{{"level", -10, 10, 0}, {"slope", -10, 10, 0}};
const std::vector<FitParameter> kDecay{{"start", 0, 10, 5}, {"rate", 0.01, 5, 2.5}};

TEST(Estimate, HasTheIntervalsOfARegressionLine) {
  const std::vector<double> y{0.1, 1.4, 1.9, 3.3, 3.8, 5.2, 5.7};
  double t = 0, tt = 0, sum = 0, ty = 0;
  for (std::size_t i = 0; i < 7; ++i) {
    t += double(i);
    tt += double(i * i);
    sum += y[i];
    ty += double(i) * y[i];
  }
  const double sxx = tt - t * t / 7, slope = (ty - t * sum / 7) / sxx, level = (sum - slope * t) / 7;
  double squares = 0;
  for (std::size_t i = 0; i < 7; ++i) squares += std::pow(y[i] - level - slope * double(i), 2);
  const double s = std::sqrt(squares / 5), t975 = 2.570581835636314;  // Student's t, 5 degrees of freedom

  const Estimate e = estimate(line(7), measured(y), kLine);
  EXPECT_EQ(e.freedom, 5);
  EXPECT_NEAR(e.sigma[0], s, 1e-6 * s);
  EXPECT_NEAR(e.params[1].fit.value, slope, 1e-7);
  EXPECT_NEAR(e.params[1].error, s / std::sqrt(sxx), 1e-6);
  EXPECT_NEAR(e.params[1].upper, slope + t975 * s / std::sqrt(sxx), 1e-6);
  EXPECT_NEAR(e.params[0].error, s * std::sqrt(tt / 7 / sxx), 1e-6);
  EXPECT_NEAR(e.params[0].lower, level - t975 * s * std::sqrt(tt / 7 / sxx), 1e-6);
  EXPECT_NEAR(e.correlation[1], -t / std::sqrt(7 * tt), 1e-9);
  EXPECT_THAT(e.warnings, IsEmpty());

  const Estimate given = estimate(line(7), measured(y, 0.2), kLine);
  EXPECT_NEAR(given.params[1].error, 0.2 / std::sqrt(sxx), 1e-9);
  EXPECT_NEAR(given.params[1].upper, slope + 1.959963984540054 * 0.2 / std::sqrt(sxx), 1e-7);
}

TEST(Estimate, IntervalsCoverTheTruthAsOftenAsTheySay) {
  // 95 % of 400; four standard deviations of that count are 17.
  for (const double sigma : {0.01, 0.05}) {
    int start = 0, rate = 0;
    for (unsigned seed = 0; seed < 400; ++seed) {
      std::vector<double> y(20);
      decay(20)(std::vector{1., 1.5}, y, {});
      const auto off = noise(20, sigma, seed);
      for (std::size_t i = 0; i < 20; ++i) y[i] += off[i];
      const Estimate e = estimate(decay(20), measured(y), kDecay);
      start += e.params[0].lower <= 1 && 1 <= e.params[0].upper;
      rate += e.params[1].lower <= 1.5 && 1.5 <= e.params[1].upper;
    }
    EXPECT_NEAR(start, 380, 17) << sigma;
    EXPECT_NEAR(rate, 380, 17) << sigma;
  }
}

TEST(Estimate, WeighsEachOutputByItsOwnNoise) {
  // Two outputs of very different units measure the same line; the coarse one must not drown the fine one.
  const FitModel both = [](std::span<const double> p, std::span<double> values, std::span<double> jacobian) {
    for (std::size_t i = 0; i < 80; ++i) {
      const double scale = i < 40 ? 1 : 1000;
      values[i] = scale * (p[0] + p[1] * double(i % 40));
      if (jacobian.empty()) continue;
      jacobian[2 * i] = scale;
      jacobian[2 * i + 1] = scale * double(i % 40);
    }
  };
  Measurements m;
  const auto fine = noise(40, 0.01, 1), coarse = noise(40, 500, 2);
  for (std::size_t i = 0; i < 40; ++i) m.observations.push_back({i, 0, 1 + 0.1 * double(i) + fine[i]});
  for (std::size_t i = 0; i < 40; ++i) m.observations.push_back({i, 1, 1000 + 100 * double(i) + coarse[i]});
  const Estimate e = estimate(both, m, kLine);
  EXPECT_NEAR(e.sigma[0], 0.01, 0.004);
  EXPECT_NEAR(e.sigma[1], 500, 150);
  EXPECT_NEAR(e.params[1].fit.value, 0.1, 5 * e.params[1].error);
  EXPECT_LT(e.params[1].error, 3e-4);
}

TEST(Estimate, SaysWhenAParameterEndsAtItsBound) {
  std::vector<double> y(20);
  decay(20)(std::vector{3., 0.7}, y, {});
  const Estimate e = estimate(decay(20), measured(y, 0.01), {{"start", 0, 2, 1}, {"rate", 0.01, 5, 2.5}});
  EXPECT_TRUE(e.params[0].at_bound);
  EXPECT_TRUE(std::isnan(e.params[0].lower));
  EXPECT_TRUE(std::isnan(e.correlation[1]));
  EXPECT_GT(e.params[1].error, 0);
  EXPECT_THAT(e.warnings, Contains(HasSubstr("start ends at the edge of its bounds [0, 2]")));
  EXPECT_THAT(e.warnings, Contains(HasSubstr("what the given sigma says")));
}

TEST(Estimate, SaysWhenIntervalsMeanNothing) {
  // Only the sum of the two is measured.
  const FitModel sum = [](std::span<const double> p, std::span<double> values, std::span<double> jacobian) {
    std::ranges::fill(values, p[0] + p[1]);
    std::ranges::fill(jacobian, 1.0);
  };
  const Estimate e = estimate(sum, measured({1.1, 0.9, 1, 1.05}), {{"a", 0, 2, 1}, {"b", 0, 2, 1}});
  EXPECT_TRUE(std::isnan(e.params[0].error));
  EXPECT_THAT(e.warnings, Contains(HasSubstr("do not tell the parameters apart")));

  // Noise as large as all there is.
  const Estimate wide = estimate(line(4), measured({5, -5, 6, -4}), {{"level", -10, 10, 0}, {"slope", -1, 1, 0}});
  EXPECT_THAT(wide.warnings, Contains(HasSubstr("hardly determine level")));
}

TEST(Estimate, FindsTheDeeperOfTwoValleys) {
  // sin(p t): a start in the middle ends in a side valley.
  const FitModel wave = [](std::span<const double> p, std::span<double> values, std::span<double> jacobian) {
    for (std::size_t i = 0; i < 30; ++i) {
      const double t = 0.2 * double(i);
      values[i] = std::sin(p[0] * t);
      if (!jacobian.empty()) jacobian[i] = t * std::cos(p[0] * t);
    }
  };
  std::vector<double> y(30);
  wave(std::vector{1.2}, y, {});
  EXPECT_NEAR(estimate(wave, measured(y), {{"frequency", 0.5, 6, 5}}).params[0].fit.value, 1.2, 1e-6);
}

TEST(Estimate, NeedsMoreMeasurementsThanParameters) {
  EXPECT_THAT(thrown_by([&] { estimate(line(2), measured({1, 2}), kLine); }), HasSubstr("found 2 for 2"));
}

/// Parameters of a surrogate from its own answers with noise: nothing but the noise is between them.
TEST(Estimate, RecoversTheInputsOfASurrogateFromNoisyAnswers) {
  const TemporaryFolder folder;
  save(random_model("leach_column"), folder / "column.h5");
  const Surrogate surrogate(folder / "column.h5");
  const std::vector<double> truth{50, 2};
  // Standard errors for each percent of noise by the slopes of this network at the truth, below which no unbiased fit
  // comes (Cramer and Rao): 0.5 % of the Peclet number and 1.1 % of the exchange, so they are well apart.
  const std::vector<double> least{0.232, 0.0222};
  for (const double share : {0.01, 0.05}) {
    Table table;
    std::vector<double> times;
    for (int i = 1; i <= 40; ++i) times.push_back(0.2 * i);
    table.add("time", "", times);
    table.add("flux", "", std::vector<double>(40, 0.0));
    const MeasurementOptions options{{}, {{"depth", 1.}, {"retardation", 1.5}, {"mobile_fraction", 0.7}}, {}, 0};
    Measurements m = read_measurements(table, surrogate, options);
    std::vector<double> exact(40);
    const FitModel model = surrogate_model(surrogate, m);
    model(truth, exact, {});
    const auto [low, high] = std::ranges::minmax(exact);
    const auto off = noise(40, share * (high - low), 3);
    for (std::size_t i = 0; i < 40; ++i) m.observations[i].value = exact[i] + off[i];
    const Estimate e = estimate(model, m, free_parameters(surrogate, m));
    for (std::size_t k = 0; k < 2; ++k) {
      const double expected = 100 * share * least[k];
      EXPECT_NEAR(e.params[k].fit.value, truth[k], 3 * expected) << share;
      EXPECT_NEAR(e.params[k].error, expected, 0.4 * expected) << share;  // as the sigma that it is made of
      EXPECT_FALSE(e.params[k].at_bound);
    }
    EXPECT_NEAR(e.sigma[2], share * (high - low), 0.4 * share * (high - low));
  }
}

}  // namespace
}  // namespace residua
