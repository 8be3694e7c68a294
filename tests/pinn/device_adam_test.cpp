#include "pinn/optimizers/device_adam.hpp"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>

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
  std::int64_t last_draw = -1;

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
    const std::int64_t draw = done / stage.resample;
    if (draw != last_draw && !optimizer.draws_points())
      objective.draw(kFirstBatch + draw, stage, weights, stage.retain && draw > 0);
    last_draw = draw;
    return optimizer.step(objective, weights, double(done) / stage.steps);
  }
  std::filesystem::path checkpoint_in(const TemporaryFolder& folder, DeviceAdam& device, const at::Tensor& weights) {
    const std::filesystem::path path = folder.path() / "checkpoint.pt";
    CheckpointWriter writer(path);
    const Weighting weighting(run);
    TrainState state;
    state.weights = weights;
    state.finished = at::empty({0, weights.numel()}, at::kDouble);
    writer.write(serialise(state, weighting, device));
    writer.finish();
    return path;
  }
  /// Loss just before the last step.
  double train(Optimizer& optimizer, at::Tensor& weights, std::int64_t from = 0) {
    Advance last;
    last_draw = -1;
    for (std::int64_t done = from; done < stage.steps; done += last.steps) last = step(optimizer, weights, done);
    return last.loss;
  }
};

/// What a stage says of its points.
struct Drawing {
  const char* name;
  int resample = 1;
  double adaptive = 0;
  bool retain = false;
};
void PrintTo(const Drawing& drawing, std::ostream* out) { *out << drawing.name; }

struct OnHostTwinWith : OnHostTwin, testing::WithParamInterface<Drawing> {
  OnHostTwinWith() {
    stage.resample = GetParam().resample;
    stage.adaptive = GetParam().adaptive;
    stage.retain = GetParam().retain;
  }
  /// Those of all terms, in no particular order.
  std::vector<double> coordinates() const {
    std::vector<double> all;
    for (const LossTerm& term : objective.terms())
      all.insert(all.end(), term.samples.coords.begin(), term.samples.coords.end());
    std::sort(all.begin(), all.end());
    return all;
  }
  /// On other points than any that are trained on.
  double loss_elsewhere(const at::Tensor& weights) {
    objective.draw(0, Stage{}, weights);
    return objective.loss(weights.const_data_ptr<double>());
  }
};

TEST_P(OnHostTwinWith, EndsWhereAdamOnTheCpuDoes) {
  at::Tensor expected = initial(), found = initial();
  Adam adam(stage, problem.shape(), expected, 1);
  objective.set_precision(at::kDouble);
  const double loss = train(adam, expected);
  const double mean_square = objective.terms()[1].mean_square[0];
  const std::vector<double> points = coordinates();
  DeviceAdam device = twin();
  const double found_loss = train(device, found);
  if (stage.adaptive > 0) {  // by other random numbers
    EXPECT_NEAR(std::log(loss_elsewhere(found)), std::log(loss_elsewhere(expected)), 0.3);
    return;
  }
  EXPECT_NEAR(found_loss, loss, 1e-9 * loss);
  EXPECT_NEAR(objective.terms()[1].mean_square[0], mean_square, 1e-9 * mean_square);
  EXPECT_TRUE(at::allclose(found, expected, 1e-8, 1e-10)) << (found - expected).abs().max().item<double>();
  EXPECT_EQ(coordinates(), points);
}

TEST_P(OnHostTwinWith, GoesOnFromACheckpointInTheSameBits) {
  at::Tensor whole = initial(), resumed = initial();
  DeviceAdam straight = twin(), first = twin(), second = twin();
  train(straight, whole);
  std::int64_t done = 0;
  while (done < 10) done += step(first, resumed, done).steps;
  const TemporaryFolder folder;
  load_optimizer(checkpoint_in(folder, first, resumed), second);
  train(second, resumed, done);
  EXPECT_TRUE(at::equal(whole, resumed));
}

INSTANTIATE_TEST_SUITE_P(Points, OnHostTwinWith,
                         testing::Values(Drawing{"FreshPoints"}, Drawing{"PointsThatStay", 7},
                                         Drawing{"RetainedPoints", 1, 0, true},
                                         Drawing{"RetainedAndStaying", 3, 0, true}, Drawing{"AdaptivePoints", 1, 2},
                                         Drawing{"AllOfThem", 4, 1, true}),
                         [](const auto& given) -> std::string { return given.param.name; });

TEST_F(OnHostTwin, CountsAllPointsThatWereEvaluated) {
  at::Tensor weights = initial();
  DeviceAdam device = twin();
  train(device, weights);
  std::int64_t points = 0;
  for (const LossTerm& term : objective.terms()) points += point_count(term, stage);
  EXPECT_EQ(objective.points_evaluated(), stage.steps * points);
}

TEST_F(OnHostTwin, RefusesACheckpointOfOtherPoints) {
  stage.retain = true;
  at::Tensor weights = initial();
  DeviceAdam device = twin();
  step(device, weights, 0);
  stage.more_points = 3;
  DeviceAdam other = twin();
  const TemporaryFolder folder;
  const std::filesystem::path checkpoint = checkpoint_in(folder, device, weights);
  EXPECT_THAT(thrown_by([&] { load_optimizer(checkpoint, other); }), testing::HasSubstr("points of term 1"));
}

TEST_F(OnHostTwin, NamesTheTermOfALossThatIsNotFinite) {
  stage.learning_rate = 1e200;
  at::Tensor weights = initial();
  DeviceAdam device = twin();
  EXPECT_THAT(thrown_by([&] { train(device, weights); }),
              testing::AllOf(testing::HasSubstr("interior"), testing::HasSubstr("lower learning rate")));
}

TEST(DeviceAdam, ServesStagesInWhichNoWeightOfTermsOrPointsChanges) {
  const auto serves = [](const std::string& settings, const std::string& tables = "", bool processes = false,
                         bool seam = false) {
    const RunFile run = RunFile::parse("physics = 'kiln_wall'\n" + tables + "[[stage]]\n" + settings, "run");
    return DeviceAdam::serves(run, run.stages[0], processes, seam);
  };
  const std::string adam = "optimizer = 'adam'\n";
  EXPECT_TRUE(serves(adam));
  EXPECT_TRUE(serves(adam + "more_points = 3\nprecision = 'float64'\n", "sampling = 'uniform'\n"));
  EXPECT_FALSE(serves("optimizer = 'soap'\n"));
  EXPECT_TRUE(serves(adam + "resample = 2\nadaptive = 1\nretain = true\n"));
  EXPECT_FALSE(serves(adam + "factorised = true\n"));
  EXPECT_FALSE(serves(adam, "[weighting]\nmethod = 'ntk'\n"));
  EXPECT_FALSE(serves(adam, "[causal]\ntolerance = 1\n"));
  EXPECT_FALSE(serves(adam, "", true));
  EXPECT_FALSE(serves(adam, "", false, true));
}

}  // namespace
}  // namespace residua
