#include "pinn/optimizers/factors.hpp"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include "pinn/objective.hpp"
#include "pinn/optimizers/blocks.hpp"
#include "pinn/trainer.hpp"
#include "tests/surrogates/temporary_folder.hpp"

namespace residua {
namespace {

const std::string kBurgers =
    "physics = 'burgers'\nseed = 3\n[network]\nwidth = 6\ndepth = 2\n[terms.interior]\npoints = 64\n";

at::Tensor weights_of(const Problem& problem) {
  const auto initial = initial_weights(problem.shape(), 1);
  return ops::rows_tensor(initial, std::int64_t(initial.size()), at::kDouble).squeeze(0);
}
TrainResult trained(const RunFile& run, const std::filesystem::path& folder = {}, bool resume = false,
                    std::int64_t stop_after = -1) {
  const Problem problem(run);
  return train(run, problem, {folder, resume, Progress(Progress::Mode::quiet), stop_after});
}

TEST(Factors, LeaveTheNetworkAsItIs) {
  for (const Activation activation : {Activation::tanh, Activation::tanh_slope}) {
    const MlpShape shape{.inputs = 3, .width = 5, .depth = 2, .outputs = 2, .activation = activation};
    const at::Tensor weights = at::linspace(-1, 1, shape.parameters(), at::kDouble);
    Factors factors(shape, weights, 1), others(shape, weights, 2);
    EXPECT_EQ(factors.flat().numel(), shape.parameters() + 2 * 5 + 2);
    EXPECT_TRUE(at::allclose(factors.product(), weights, 1e-14, 0));
    EXPECT_TRUE(at::allclose(others.product(), weights, 1e-14, 0));
    EXPECT_FALSE(at::equal(factors.flat(), others.flat()));
  }
}

TEST(Factors, FollowTheChainRule) {
  const RunFile run = RunFile::parse(kBurgers, "run");
  const Problem problem(run);
  Objective objective(run, problem, false);
  at::Tensor weights = weights_of(problem).requires_grad_(true);
  weights.mutable_grad() = at::zeros_like(weights);
  objective.draw(0, Stage{}, weights);
  Factors factors(problem.shape(), weights, 1);
  objective.differentiate(weights);
  factors.differentiate(weights.grad());
  const at::Tensor gradient = factors.flat().grad().clone();
  at::Tensor flat = factors.flat().detach();
  const auto loss_at = [&](std::int64_t k, double change) {
    const double before = flat[k].item<double>();
    flat[k] = before + change;
    const at::Tensor product = factors.product();
    flat[k] = before;
    return objective.loss(product.const_data_ptr<double>());
  };
  constexpr double kStep = 1e-5;
  for (std::int64_t k = 0; k < flat.numel(); ++k) {
    const double slope = (loss_at(k, kStep) - loss_at(k, -kStep)) / (2 * kStep);
    EXPECT_NEAR(gradient[k].item<double>(), slope, 1e-7 * gradient.norm().item<double>()) << k;
  }
}

TEST(Factors, AreOneMoreColumnOfTheBlocks) {
  const MlpShape shape{.inputs = 3, .width = 5, .depth = 2, .outputs = 2, .activation = Activation::tanh_slope};
  const at::Tensor flat = at::arange(shape.parameters() + 12, at::kDouble);
  const auto blocks = blocks_of(shape, flat);
  EXPECT_EQ(blocks[0].sizes(), (at::IntArrayRef{5, 5}));
  EXPECT_EQ(blocks[1][2][6].item<std::int64_t>(), shape.parameters() + 5 + 2);
  EXPECT_TRUE(at::equal(flat_of(shape, blocks), flat));
}

class FactorisedStage : public ::testing::TestWithParam<std::string> {};

TEST_P(FactorisedStage, EndsInTheSameBitsAfterAStop) {
  const RunFile run =
      RunFile::parse(kBurgers + "[[stage]]\nsteps = 30\nresample = 7\nfactorised = true\noptimizer = '" + GetParam() +
                         "'\n[[stage]]\noptimizer = 'levenberg_marquardt'\nsteps = 3\n",
                     "run");
  const TrainResult whole = trained(run);
  for (const int stop : {1, 2, 7, 19, 29, 30, 31}) {
    SCOPED_TRACE(stop);
    const TemporaryFolder folder;
    trained(run, folder.path(), false, stop);
    const TrainResult rest = trained(run, folder.path(), true);
    EXPECT_EQ(rest.weights, whole.weights);
    EXPECT_EQ(rest.loss, whole.loss);
  }
}

INSTANTIATE_TEST_SUITE_P(, FactorisedStage, ::testing::Values("adam", "soap", "muon"),
                         [](const auto& test) { return test.param; });

TEST(FactorisedAdam, GoesFurtherThanAdamInAsManySteps) {
  const auto loss = [](const std::string& setting) {
    return trained(
               RunFile::parse("physics = 'allen_cahn'\n[network]\nwidth = 16\ndepth = 3\n[terms.interior]\npoints = "
                              "256\n[[stage]]\noptimizer = 'adam'\nsteps = 1000\nlearning_rate = 2e-3\n" +
                                  setting,
                              "run"))
        .loss;
  };
  EXPECT_LT(1.5 * loss("factorised = true"), loss(""));
}

}  // namespace
}  // namespace residua
