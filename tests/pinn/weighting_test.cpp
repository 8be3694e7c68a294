// Weights of terms and points, and what those of terms are for; tests/pinn/gains_test.cpp has what points are for.
#include "pinn/weighting/weighting.hpp"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <cmath>
#include <numbers>
#include <numeric>

#include "pinn/trainer.hpp"
#include "pinn/weighting/causal.hpp"
#include "pinn/weighting/gradient_norm.hpp"
#include "pinn/weighting/neural_tangent_kernel.hpp"
#include "pinn/weighting/relobralo.hpp"

namespace residua {
namespace {

/// Heat in a rod of which all happens within a hundredth of a time unit: the interior's residuals are a hundred times
/// those of start and ends.
std::string fast_heat(const std::string& rest) {
  return "physics = 'heat'\n[network]\nwidth = 12\ndepth = 2\n[envelope]\ntime = [0, 0.01]\ndiffusivity = 10\n"
         "[terms]\ninterior = {points = 256}\ninitial = {points = 64, weight = 1}\n"
         "left = {points = 32, weight = 1}\nright = {points = 32, weight = 1}\n" +
         rest;
}

class TermsOfHeat : public ::testing::Test {
 protected:
  TermsOfHeat() {
    const auto initial = initial_weights(problem.shape(), 5);
    weights = ops::rows_tensor(initial, std::int64_t(initial.size()), at::kDouble).squeeze(0);
    objective.draw(0, Stage{}, weights);
  }
  const double* w() const { return weights.const_data_ptr<double>(); }
  std::vector<double> factors(TermBalance&& balance) { return balance.renew(objective, w()); }

  RunFile run = RunFile::parse(fast_heat(""), "run");
  Problem problem{run};
  Objective objective{run, problem, false};
  at::Tensor weights;
};

TEST_F(TermsOfHeat, GetGradientsOfTheSameNormFromGradientNorm) {
  const auto f = factors(GradientNorm());
  at::Tensor tracked = weights.clone().requires_grad_(true);
  tracked.mutable_grad() = at::zeros_like(weights);
  std::vector<double> norms;
  for (std::size_t t = 0; t < f.size(); ++t) {  // one term at a time, by the operator
    std::vector<double> alone(f.size(), 1e-30);
    alone[t] = f[t];
    objective.set_factors(alone);
    objective.differentiate(tracked);
    norms.push_back(tracked.grad().norm().item<double>());
  }
  for (const double norm : norms) EXPECT_NEAR(norm, norms[0], 0.01 * norms[0]);
}

TEST_F(TermsOfHeat, GetKernelsOfTheSameMeanTraceFromTheNeuralTangentKernel) {
  const auto f = factors(NeuralTangentKernel());
  std::vector<double> traces;
  for (std::size_t t = 0; t < f.size(); ++t) {  // of the normal equations: the same trace
    std::vector<double> alone(f.size(), 1e-30);
    alone[t] = f[t];
    objective.set_factors(alone);
    NormalEquations sums(objective.parameters());
    objective.linearise(w(), sums);
    double trace = 0;
    for (std::int64_t k = 0; k < sums.parameters(); ++k) trace += sums.matrix()[k * sums.stride() + k];
    traces.push_back(trace);
  }
  for (const double trace : traces) EXPECT_NEAR(trace, traces[0], 0.01 * traces[0]);
}

TEST_F(TermsOfHeat, ThatStayBehindGetLargerFactorsFromRelobralo) {
  Relobralo balance(1000, 1);
  EXPECT_THAT(balance.renew(objective, w()), testing::Each(1));
  const at::Tensor other = weights * 0.5;
  const auto sum = [&](std::size_t t, const at::Tensor& at) {
    const auto squares = objective.squares(objective.terms()[t], at.const_data_ptr<double>());
    return std::accumulate(squares.begin(), squares.end(), 0.0);
  };
  const auto f = balance.renew(objective, other.const_data_ptr<double>());
  EXPECT_NEAR(std::accumulate(f.begin(), f.end(), 0.0), double(f.size()), 1e-12);
  for (std::size_t a = 0; a < f.size(); ++a)
    for (std::size_t b = 0; b < f.size(); ++b) {
      const bool behind = sum(a, other) / sum(a, weights) > sum(b, other) / sum(b, weights);
      EXPECT_TRUE(!behind || f[a] >= f[b]) << a << " " << b;
    }
}

TEST_F(TermsOfHeat, WeighLessTheLaterTheyAreByCausality) {
  const CausalSettings settings{.tolerance = 1e-4, .chunks = 4, .every = 1};
  const auto slabs = causal_weights(objective, settings, w());
  ASSERT_EQ(slabs.size(), 4u);
  EXPECT_EQ(slabs[0], 1);
  for (std::size_t k = 1; k < slabs.size(); ++k) EXPECT_LT(slabs[k], slabs[k - 1]);
  // The first slab holds the start and a quarter of the rest.
  double first = 0;
  for (const LossTerm& term : objective.terms()) {
    const auto squares = objective.squares(term, w());
    double sum = 0, count = 0;
    for (std::int64_t i = 0; i < term.samples.n; ++i) {
      if (term.samples.coords[std::size_t(i)] >= 0.0025) continue;
      sum += squares[std::size_t(i)];
      ++count;
    }
    first += sum / count;
  }
  EXPECT_NEAR(slabs[1], std::exp(-1e-4 * first), 1e-12);

  const auto points = point_weights(objective, slabs);
  for (std::size_t t = 0; t < points.size(); ++t)
    for (std::size_t i = 0; i < points[t].size(); ++i) {
      const double time = objective.terms()[t].samples.coords[i];
      EXPECT_EQ(points[t][i], slabs[std::min<std::size_t>(3, std::size_t(time / 0.0025))]);
    }
}

TEST_F(TermsOfHeat, AreRenewedWithFreshPointsOnlyAndNotTooOften) {
  run.balance = {Balance::gradient_norm, 100};
  run.causal = CausalSettings{.tolerance = 1e-4, .chunks = 4, .every = 50};
  Weighting weighting(run);
  const auto factor = [&] { return objective.terms()[0].factor; };
  const auto last_weight = [&] {
    return *std::min_element(objective.terms()[0].point_weight.begin(), objective.terms()[0].point_weight.end());
  };
  weighting.points_changed(objective, w(), 0);
  const double first = factor(), slab = last_weight();
  const at::Tensor other = weights * 2;
  objective.draw(1, Stage{}, weights);
  weighting.points_changed(objective, other.const_data_ptr<double>(), 49);
  EXPECT_EQ(factor(), first);
  EXPECT_EQ(last_weight(), slab);
  objective.draw(2, Stage{}, weights);
  weighting.points_changed(objective, other.const_data_ptr<double>(), 50);
  EXPECT_EQ(factor(), first);
  EXPECT_NE(last_weight(), slab);
  weighting.points_changed(objective, other.const_data_ptr<double>(), 100);
  EXPECT_NE(factor(), first);
}

// What they are for.

TrainResult trained(const RunFile& run) {
  return train(run, Problem(run), {{}, false, Progress(Progress::Mode::quiet)});
}

/// What the trained network says, over coordinates [coords][n] in units of the equation.
std::vector<double> answers(const RunFile& run, const std::vector<double>& weights, const std::vector<double>& coords,
                            std::int64_t n) {
  const Problem problem(run);
  std::vector<double> rows(std::size_t(n) * problem.physics().outputs.size());
  evaluate<double>(find_term(run.physics, "answer"),
                   {problem.shape().trunk, weights.data(), problem.center().data(), problem.scale().data()},
                   {n, coords.data(), nullptr, problem.params().data(), problem.design_row().data(), 0}, rows.data());
  return rows;
}

/// Largest error of the trained rod, which starts from 1.
double heat_error(const std::string& rest) {
  const RunFile run = RunFile::parse(fast_heat(rest), "run");
  const std::vector<double> weights = trained(run).weights;
  std::vector<double> coords;
  const std::int64_t side = 21, n = side * side;
  for (std::int64_t i = 0; i < n; ++i) coords.push_back(0.01 * double(i / side) / double(side - 1));
  for (std::int64_t i = 0; i < n; ++i) coords.push_back(double(i % side) / double(side - 1));
  const auto found = answers(run, weights, coords, n);
  double worst = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const double pi = std::numbers::pi;
    const double exact = std::exp(-10 * pi * pi * coords[i]) * std::sin(pi * coords[i + found.size()]);
    worst = std::max(worst, std::abs(found[i] - exact));
  }
  return worst;
}

class BalancedHeat : public ::testing::TestWithParam<const char*> {};

TEST_P(BalancedHeat, IsRightWhereFixedWeightsLeaveStartAndEndsBehind) {
  const std::string stage = "[[stage]]\noptimizer = 'adam'\nsteps = 1500\nlearning_rate = 5e-3\n";
  const double fixed = heat_error(stage),
               balanced = heat_error("[weighting]\nmethod = '" + std::string(GetParam()) + "'\n" + stage);
  EXPECT_LT(10 * balanced, fixed);
}

INSTANTIATE_TEST_SUITE_P(, BalancedHeat, ::testing::Values("gradient_norm", "ntk"),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace residua
