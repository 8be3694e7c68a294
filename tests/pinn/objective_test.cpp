#include "pinn/objective.hpp"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <cmath>

#include "kernels/core/error.hpp"
#include "pinn/sampling/retained.hpp"
#include "tests/pinn/thrown.hpp"

namespace residua {
namespace {

/// Two terms of different weight and number of points, two equations in one of them.
class TwoTerms : public ::testing::Test {
 protected:
  TwoTerms() {
    const auto initial = initial_weights(problem.shape(), 5);
    weights = ops::rows_tensor(initial, std::int64_t(initial.size()), at::kDouble).squeeze(0);
    stage.more_points = 1;
    objective.draw(0, stage, weights);
  }

  RunFile run = RunFile::parse(
      "physics = 'leach_column'\n[network]\nwidth = 7\ndepth = 2\n[envelope]\npeclet = [20, 60]\n"
      "[terms.interior]\npoints = 75\n[terms.inlet]\npoints = 10\nweight = 7\n",
      "run");
  Problem problem{run};
  Objective objective{run, problem, false};
  Stage stage;
  at::Tensor weights;

  const double* w() const { return weights.const_data_ptr<double>(); }
  double mean_square(const std::string& term) const {
    for (const LossTerm& t : objective.terms())
      if (t.name == term) return t.mean_square[0];
    return NAN;
  }
};

class Weighted : public TwoTerms {
 protected:
  Weighted() {
    std::vector<std::vector<double>> each;
    for (const LossTerm& term : objective.terms()) each.push_back(uniform_points(1, term.samples.n, 8));
    objective.set_point_weights(each);
    objective.set_factors({0.5, 3});
  }
};

void expect_the_same_in_every_form(Objective& objective, const at::Tensor& weights) {
  const double* w = weights.const_data_ptr<double>();
  const double loss = objective.loss(w);
  double by_hand = 0;
  for (const LossTerm& term : objective.terms())
    for (const double m : term.mean_square) by_hand += term.settings.weight * term.factor * m;
  EXPECT_GT(loss, 0);
  EXPECT_DOUBLE_EQ(loss, by_hand);
  EXPECT_NEAR(objective.residuals(w).square().sum().item<double>(), loss, 1e-13 * loss);
  NormalEquations sums(objective.parameters());
  EXPECT_NEAR(objective.linearise(w, sums), loss, 1e-13 * loss);
  EXPECT_NEAR(objective.for_rows(w, 30, [](const at::Tensor&) {}), loss, 1e-13 * loss);
  at::Tensor differentiated = weights.clone().requires_grad_(true);
  differentiated.mutable_grad() = at::zeros_like(weights);
  EXPECT_NEAR(objective.differentiate(differentiated), loss, 1e-13 * loss);
}

TEST_F(TwoTerms, LossIsTheSameInEveryForm) { expect_the_same_in_every_form(objective, weights); }
TEST_F(Weighted, LossIsTheSameInEveryForm) { expect_the_same_in_every_form(objective, weights); }

TEST_F(Weighted, LossIsThatOfTheWeightsByHand) {
  double by_hand = 0, unbalanced = 0;
  for (const LossTerm& term : objective.terms()) {
    const auto squares = objective.squares(term, w());
    double sum = 0;
    for (std::size_t i = 0; i < squares.size(); ++i) sum += term.point_weight[i] * squares[i];
    unbalanced += term.settings.weight * sum / double(term.samples.n);
    by_hand += term.settings.weight * term.factor * sum / double(term.samples.n);
  }
  EXPECT_NEAR(objective.loss(w()), by_hand, 1e-13 * by_hand);
  EXPECT_NEAR(objective.unbalanced(), unbalanced, 1e-13 * unbalanced);
}

TEST_F(Weighted, PointsAreDrawnWithoutWeights) {
  objective.draw(1, stage, weights);
  for (const LossTerm& term : objective.terms()) EXPECT_TRUE(term.point_weight.empty());
  EXPECT_EQ(objective.terms()[1].factor, 3);
}

void expect_gradient_and_products_of_the_rows(Objective& objective, const at::Tensor& weights) {
  const double* w = weights.const_data_ptr<double>();
  std::vector<at::Tensor> blocks;
  objective.for_rows(w, 1000, [&](const at::Tensor& rows) { blocks.push_back(rows); });
  ASSERT_EQ(blocks.size(), 2u);  // one for each term
  const at::Tensor rows = at::cat(blocks), jacobian = rows.slice(1, 0, -1), residuals = rows.select(1, -1);
  ASSERT_EQ(rows.size(0), 2 * 75 + 10);
  EXPECT_TRUE(at::allclose(residuals, objective.residuals(w), 1e-12, 1e-14));

  const at::Tensor direction = at::linspace(-1, 1, objective.parameters(), at::kDouble);
  EXPECT_TRUE(at::allclose(at::mv(jacobian, direction), objective.jacobian_product(w, direction), 1e-10, 1e-12));
  const at::Tensor some = at::linspace(-2, 1, rows.size(0), at::kDouble);
  EXPECT_TRUE(at::allclose(at::mv(jacobian.t(), some), objective.transposed_product(w, some), 1e-10, 1e-12));

  at::Tensor differentiated = weights.clone().requires_grad_(true);
  differentiated.mutable_grad() = at::zeros_like(weights);
  objective.differentiate(differentiated);
  EXPECT_TRUE(at::allclose(differentiated.grad(), 2 * at::mv(jacobian.t(), residuals), 1e-10, 1e-12));
}

TEST_F(TwoTerms, GradientAndProductsAreThoseOfTheRows) { expect_gradient_and_products_of_the_rows(objective, weights); }
TEST_F(Weighted, GradientAndProductsAreThoseOfTheRows) { expect_gradient_and_products_of_the_rows(objective, weights); }

TEST_F(TwoTerms, RetainedPointsAreThoseOfLargeResidualsAndTheRestIsFresh) {
  const auto before = objective.points();
  const auto kept = above_mean(objective.squares(objective.terms()[0], w()));
  ASSERT_GT(kept.size(), 5u);
  objective.loss(w());
  const double evenly = mean_square("interior");
  objective.draw(1, stage, weights, true);
  const auto after = objective.points();
  for (const std::size_t rows : {0, 1}) {
    ASSERT_EQ(after[rows].sizes(), before[rows].sizes());
    const at::Tensor old = before[rows].index_select(1, at::tensor(kept));
    EXPECT_TRUE(at::equal(after[rows].slice(1, 0, old.size(1)), old));
  }
  for (int draw = 2; draw < 10; ++draw) objective.draw(draw, stage, weights, true);
  objective.loss(w());
  EXPECT_GT(mean_square("interior"), 1.3 * evenly);
}

TEST_F(TwoTerms, PointsOfAPartOfTheEnvelopeStayInIt) {
  const Problem part = problem.within({{"peclet", {20, 25}}});
  objective.set_problem(part);
  objective.draw(0, stage, weights);
  const auto [lowest, highest] = at::aminmax(objective.points()[1][0]);
  const double scale = problem.physics().params[std::size_t(problem.design()[0])].scale;
  EXPECT_GE(lowest.item<double>() * scale, 20);
  EXPECT_LE(highest.item<double>() * scale, 25);
}

TEST(ObjectiveOfAnotherProblem, HasOtherParametersButTheSameInputs) {
  const auto text = [](const std::string& viscosity) {
    return RunFile::parse("physics = 'burgers'\n[network]\nwidth = 5\n[envelope]\nviscosity = " + viscosity, "run");
  };
  const RunFile run = text("0.01"), other = text("0.05");
  const Problem problem(run), wanted(other), posed = problem.within({{"viscosity", {0.05, 0.05}}});
  EXPECT_EQ(posed.center(), problem.center());
  EXPECT_EQ(posed.scale(), problem.scale());
  const auto initial = initial_weights(problem.shape(), 5);
  at::Tensor weights = ops::rows_tensor(initial, std::int64_t(initial.size()), at::kDouble).squeeze(0);
  weights.requires_grad_(true);
  weights.mutable_grad() = at::zeros_like(weights);
  Objective objective(run, problem, false), direct(other, wanted, false);
  objective.draw(0, Stage{}, weights);
  direct.draw(0, Stage{}, weights);
  const double before = objective.differentiate(weights);
  objective.set_problem(posed);
  EXPECT_NE(objective.differentiate(weights), before);
  EXPECT_EQ(objective.differentiate(weights), direct.differentiate(weights));
}

TEST_F(TwoTerms, AdaptivePointsCrowdWhereResidualsAreLarge) {
  objective.loss(w());
  const double evenly = mean_square("interior");
  stage.adaptive = 2;
  objective.draw(0, stage, weights);
  const auto once = objective.points();
  objective.loss(w());
  EXPECT_GT(mean_square("interior"), 1.3 * evenly);
  EXPECT_EQ(objective.terms()[0].samples.n, 75);
  objective.draw(0, stage, weights);
  for (std::size_t k = 0; k < once.size(); ++k) EXPECT_TRUE(at::equal(once[k], objective.points()[k]));
}

TEST_F(TwoTerms, PointsCanBePutBack) {
  const auto points = objective.points();
  const double loss = objective.loss(w());
  objective.draw(1, stage, weights);
  EXPECT_NE(objective.loss(w()), loss);
  objective.set_points(points);
  EXPECT_EQ(objective.loss(w()), loss);
  EXPECT_THAT(thrown_by([&] {
                objective.set_points({points[0], points[1]});
              }),
              testing::AllOf(testing::HasSubstr("points of 1 terms"), testing::HasSubstr("expected 2")));
}

}  // namespace
}  // namespace residua
