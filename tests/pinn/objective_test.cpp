#include "pinn/objective.hpp"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <cmath>

#include "kernels/core/error.hpp"
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

TEST_F(TwoTerms, LossIsTheSameInEveryForm) {
  const double loss = objective.loss(w());
  double by_hand = 0;
  for (const LossTerm& term : objective.terms())
    for (const double m : term.mean_square) by_hand += term.settings.weight * m;
  EXPECT_GT(loss, 0);
  EXPECT_DOUBLE_EQ(loss, by_hand);
  EXPECT_NEAR(objective.residuals(w()).square().sum().item<double>(), loss, 1e-13 * loss);
  NormalEquations sums(objective.parameters());
  EXPECT_NEAR(objective.linearise(w(), sums), loss, 1e-13 * loss);
  EXPECT_NEAR(objective.for_rows(w(), 30, [](const at::Tensor&) {}), loss, 1e-13 * loss);
  at::Tensor differentiated = weights.clone().requires_grad_(true);
  differentiated.mutable_grad() = at::zeros_like(weights);
  EXPECT_NEAR(objective.differentiate(differentiated), loss, 1e-13 * loss);
}

TEST_F(TwoTerms, GradientAndProductsAreThoseOfTheRows) {
  std::vector<at::Tensor> blocks;
  objective.for_rows(w(), 1000, [&](const at::Tensor& rows) { blocks.push_back(rows); });
  ASSERT_EQ(blocks.size(), 2u);  // one for each term
  const at::Tensor rows = at::cat(blocks), jacobian = rows.slice(1, 0, -1), residuals = rows.select(1, -1);
  ASSERT_EQ(rows.size(0), 2 * 75 + 10);
  EXPECT_TRUE(at::allclose(residuals, objective.residuals(w()), 1e-12, 1e-14));

  const at::Tensor direction = at::linspace(-1, 1, objective.parameters(), at::kDouble);
  EXPECT_TRUE(at::allclose(at::mv(jacobian, direction), objective.jacobian_product(w(), direction), 1e-10, 1e-12));
  const at::Tensor some = at::linspace(-2, 1, rows.size(0), at::kDouble);
  EXPECT_TRUE(at::allclose(at::mv(jacobian.t(), some), objective.transposed_product(w(), some), 1e-10, 1e-12));

  at::Tensor differentiated = weights.clone().requires_grad_(true);
  differentiated.mutable_grad() = at::zeros_like(weights);
  objective.differentiate(differentiated);
  EXPECT_TRUE(at::allclose(differentiated.grad(), 2 * at::mv(jacobian.t(), residuals), 1e-10, 1e-12));
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
