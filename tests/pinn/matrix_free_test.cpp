#include "pinn/optimizers/matrix_free.hpp"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include "pinn/optimizers/linearised.hpp"
#include "pinn/trainer.hpp"
#include "tests/surrogates/temporary_folder.hpp"

namespace residua {
namespace {

TrainResult trained(const RunFile& run, const std::filesystem::path& folder = {}, bool resume = false,
                    std::int64_t stop_after = -1) {
  const Problem problem(run);
  return train(run, problem, {folder, resume, Progress(Progress::Mode::quiet), stop_after});
}

class MatrixFreeLossOfBurgers : public ::testing::Test {
 protected:
  MatrixFreeLossOfBurgers() {
    const auto initial = initial_weights(problem_.shape(), 1);
    weights_ = ops::rows_tensor(initial, std::int64_t(initial.size()), at::kDouble).squeeze(0);
    objective_.draw(0, Stage{}, weights_);
    loss_ = matrix_free_.linearise(objective_, weights_, 1);
    dense_->linearise(objective_, weights_, 1e300);
  }
  const double* w() const { return weights_.const_data_ptr<double>(); }
  /// How far the damped linearised loss falls along a step.
  double fall(const at::Tensor& d, double damping) {
    const at::Tensor left = objective_.residuals(w()) + objective_.jacobian_product(w(), d);
    return loss_ - (left.square().sum() + damping * d.square().sum()).item<double>();
  }

  RunFile run_ = RunFile::parse(
      "physics = 'burgers'\n[network]\nwidth = 16\ndepth = 3\n[terms.interior]\npoints = 1000\nweight = 3\n", "run");
  Problem problem_{run_};
  Objective objective_{run_, problem_, false};
  MatrixFreeLoss matrix_free_{objective_.parameters()};
  std::unique_ptr<LinearisedLoss> dense_ = LinearisedLoss::on(at::kCPU, objective_.parameters());
  at::Tensor weights_;
  double loss_ = 0;
};

TEST_F(MatrixFreeLossOfBurgers, IsLinearisedToTheSameLoss) { EXPECT_NEAR(loss_, objective_.loss(w()), 1e-13 * loss_); }

TEST_F(MatrixFreeLossOfBurgers, FallsAlmostAsFarAsByTheMatrix) {
  for (const double damping : {10., 1e-1, 1e-3, 1e-5, 1e-7}) {
    const auto exact = dense_->solve(damping), move = matrix_free_.solve(damping);
    ASSERT_TRUE(exact && move);
    const double most = fall(exact->direction, damping), reached = fall(move->direction, damping);
    EXPECT_LE(reached, most + 1e-10 * loss_) << damping;
    EXPECT_GT(reached, 0.97 * most) << damping;
  }
}

TEST_F(MatrixFreeLossOfBurgers, PredictsTheFallOfTheLinearisedLoss) {
  for (const double damping : {10., 1e-3, 1e-6}) {
    const auto move = matrix_free_.solve(damping);
    EXPECT_NEAR(move->predicted, fall(move->direction, 0), 1e-10 * loss_) << damping;
  }
}

TEST_F(MatrixFreeLossOfBurgers, AnswersOtherRightSides) {
  const double damping = 1e-2;
  dense_->solve(damping), matrix_free_.solve(damping);
  const at::Tensor some = at::sin(at::arange(1000, at::kDouble)), right = objective_.transposed_product(w(), some);
  const at::Tensor exact = dense_->solve_again(right), found = matrix_free_.solve_again(right);
  const auto square = [&](const at::Tensor& d) {
    return (objective_.jacobian_product(w(), d).square().sum() + damping * d.square().sum()).item<double>();
  };
  EXPECT_LT(square(found - exact), 0.03 * square(exact));
}

std::string burgers(int width, int points) {
  return "physics = 'burgers'\n[network]\nwidth = " + std::to_string(width) +
         "\ndepth = 4\n[envelope]\nviscosity = 0.05\n[terms.interior]\npoints = " + std::to_string(points) +
         "\n[[stage]]\noptimizer = 'adam'\nsteps = 100\nlearning_rate = 5e-3\n[[stage]]\nmore_points = 1\n";
}

TEST(MatrixFree, EndsInTheSameBitsAfterAStop) {
  const RunFile run = RunFile::parse(
      burgers(8, 64) + "resample = 5\noptimizer = 'levenberg_marquardt'\nsolver = 'matrix_free'\nsteps = 12\n", "run");
  const TrainResult whole = trained(run);
  for (const int stop : {101, 104, 105, 111}) {
    SCOPED_TRACE(stop);
    const TemporaryFolder folder;
    trained(run, folder.path(), false, stop);
    const TrainResult rest = trained(run, folder.path(), true);
    EXPECT_EQ(rest.steps, 112);
    EXPECT_EQ(rest.weights, whole.weights);
    EXPECT_EQ(rest.loss, whole.loss);
  }
}

TEST(MatrixFree, BeatsTheOthersByOrdersOfMagnitudeOnALargeNetwork) {
  const auto after = [](const std::string& stage) {
    const RunFile run = RunFile::parse(burgers(40, 400) + "resample = 100000\n" + stage, "run");
    EXPECT_GT(Problem(run).shape().parameters(), 5000);
    return trained(run);
  };
  const TrainResult reached = after("optimizer = 'levenberg_marquardt'\nsteps = 25\n");
  EXPECT_LT(100 * reached.loss, after("optimizer = 'adam'\nsteps = 1000\nlearning_rate = 5e-3").loss);
  EXPECT_LT(100 * reached.loss, after("optimizer = 'lbfgs'\nsteps = 500\n").loss);
}

TEST(MatrixFree, SaysWhyItStops) {
  const RunFile run = RunFile::parse(
      "physics = 'heat_rod'\n[network]\nwidth = 1\ndepth = 1\n[envelope]\ndiffusivity = 0.1\n[terms.interior]\npoints "
      "= "
      "8\n[[stage]]\nsteps = 2000\nresample = 100000\noptimizer = 'levenberg_marquardt'\nsolver = 'matrix_free'\n",
      "run");
  EXPECT_THAT(trained(run).stop_reason, testing::AnyOf("no damping tried lowers the loss",
                                                       "the predicted decrease is below the rounding of the loss"));
}

}  // namespace
}  // namespace residua
