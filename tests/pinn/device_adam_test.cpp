#include "pinn/optimizers/device_adam.hpp"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include "pinn/checkpoint.hpp"
#include "pinn/optimizers/adam.hpp"
#include "pinn/weighting/weighting.hpp"
#include "tests/kernels/host_device.hpp"
#include "tests/pinn/thrown.hpp"
#include "tests/surrogates/temporary_folder.hpp"

namespace residua {
namespace {

constexpr std::int64_t kFirstBatch = 5'000'000'000;

/// A stage of Adam in float64 over an envelope with fixed sides and graded times.
struct OnHostTwin : testing::Test {
  RunFile run = RunFile::parse(
      "physics = 'kiln_wall'\nseed = 4\n[network]\nwidth = 8\ndepth = 2\n[envelope]\nthickness = [0.1, 0.2]\n"
      "[terms.interior]\npoints = 60\ngrading = 2\n[terms.hot_face]\npoints = 20\nweight = 10\n"
      "[[stage]]\noptimizer = 'adam'\nsteps = 50\nmore_points = 1.5\nprecision = 'float64'\n",
      "run");
  Stage stage = run.stages.at(0);
  Problem problem{run};
  Objective objective{run, problem, false};

  at::Tensor initial() const {
    const auto start = initial_weights(problem.shape(), run.seed);
    at::Tensor weights = ops::rows_tensor(start, std::int64_t(start.size()), at::kDouble).squeeze(0);
    weights.requires_grad_(true);
    weights.mutable_grad() = at::zeros_like(weights);
    return weights;
  }
  DeviceAdam twin() const {
    const cuda::AdamPlan plan = DeviceAdam::plan(objective, stage, kFirstBatch);
    return {plan, kFirstBatch, std::make_unique<cuda::AdamTraining<double, testing_support::HostDevice>>(plan)};
  }
  /// As the trainer calls it.
  Advance step(Optimizer& optimizer, at::Tensor& weights, std::int64_t done) {
    objective.draw(kFirstBatch + done, stage, weights);
    return optimizer.step(objective, weights, double(done) / stage.steps);
  }
  /// Loss just before the last step.
  double train(Optimizer& optimizer, at::Tensor& weights, std::int64_t from = 0) {
    Advance last;
    for (std::int64_t done = from; done < stage.steps; done += last.steps) last = step(optimizer, weights, done);
    return last.loss;
  }
};

TEST_F(OnHostTwin, EndsWhereAdamOnTheCpuDoes) {
  at::Tensor expected = initial(), found = initial();
  Adam adam(stage, problem.shape(), expected, 1);
  objective.set_precision(at::kDouble);
  const double loss = train(adam, expected);
  const double mean_square = objective.terms()[1].mean_square[0];
  DeviceAdam device = twin();
  EXPECT_NEAR(train(device, found), loss, 1e-9 * loss);
  EXPECT_NEAR(objective.terms()[1].mean_square[0], mean_square, 1e-9 * mean_square);
  EXPECT_TRUE(at::allclose(found, expected, 1e-8, 1e-10)) << (found - expected).abs().max().item<double>();
}

TEST_F(OnHostTwin, GoesOnFromACheckpointInTheSameBits) {
  at::Tensor whole = initial(), resumed = initial();
  DeviceAdam straight = twin(), first = twin(), second = twin();
  train(straight, whole);
  const std::int64_t done = step(first, resumed, 0).steps;
  const TemporaryFolder folder;
  CheckpointWriter writer(folder.path() / "checkpoint.pt");
  const Weighting weighting(run);
  TrainState state;
  state.weights = resumed;
  state.finished = at::empty({0, resumed.numel()}, at::kDouble);
  writer.write(serialise(state, weighting, first));
  writer.finish();
  load_optimizer(folder.path() / "checkpoint.pt", second);
  train(second, resumed, done);
  EXPECT_TRUE(at::equal(whole, resumed));
}

TEST_F(OnHostTwin, CountsAllPointsThatWereEvaluated) {
  at::Tensor weights = initial();
  DeviceAdam device = twin();
  train(device, weights);
  EXPECT_EQ(objective.points_evaluated(), stage.steps * (90 + 30 + 1536));
}

TEST_F(OnHostTwin, NamesTheTermOfALossThatIsNotFinite) {
  stage.learning_rate = 1e200;
  at::Tensor weights = initial();
  DeviceAdam device = twin();
  EXPECT_THAT(thrown_by([&] { train(device, weights); }),
              testing::AllOf(testing::HasSubstr("interior"), testing::HasSubstr("lower learning rate")));
}

TEST(DeviceAdam, ServesStagesOfWhichNoStepDependsOnThePointsBefore) {
  const auto serves = [](const std::string& settings, const std::string& tables = "", bool processes = false,
                         bool seam = false) {
    const RunFile run = RunFile::parse("physics = 'kiln_wall'\n" + tables + "[[stage]]\n" + settings, "run");
    return DeviceAdam::serves(run, run.stages[0], processes, seam);
  };
  const std::string adam = "optimizer = 'adam'\n";
  EXPECT_TRUE(serves(adam));
  EXPECT_TRUE(serves(adam + "more_points = 3\nprecision = 'float64'\n", "sampling = 'uniform'\n"));
  EXPECT_FALSE(serves("optimizer = 'soap'\n"));
  for (const char* other : {"resample = 2\n", "adaptive = 1\n", "retain = true\n", "factorised = true\n"})
    EXPECT_FALSE(serves(adam + other)) << other;
  EXPECT_FALSE(serves(adam, "[weighting]\nmethod = 'ntk'\n"));
  EXPECT_FALSE(serves(adam, "[causal]\ntolerance = 1\n"));
  EXPECT_FALSE(serves(adam, "", true));
  EXPECT_FALSE(serves(adam, "", false, true));
}

}  // namespace
}  // namespace residua
