#include "pinn/march.hpp"

#include <gmock/gmock.h>

#include <cmath>

#include "pinn/export.hpp"
#include "pinn/trainer.hpp"
#include "tests/surrogates/temporary_folder.hpp"

namespace residua {
namespace {

/// A steepening wave, which each window must take from the one before.
RunFile wave(const std::string& march, int steps = 60) {
  return RunFile::parse(
      "physics = 'burgers'\n[network]\nwidth = 10\ndepth = 2\n[envelope]\nviscosity = 0.05\n[terms.interior]\n"
      "points = 150\n[[stage]]\noptimizer = 'adam'\nsteps = 50\nlearning_rate = 5e-3\n"
      "[[stage]]\noptimizer = 'levenberg_marquardt'\nsteps = " +
          std::to_string(steps) + "\n[surrogate]\nprecision = 'float64'\n" + march,
      "run");
}
TrainResult trained(const RunFile& run, const std::filesystem::path& folder = {}, bool resume = false,
                    std::int64_t stop_after = -1) {
  return train(run, Problem(run), {folder, resume, Progress(Progress::Mode::quiet), stop_after});
}

TEST(March, DividesTheTime) {
  const RunFile run = wave("[march]\nwindows = 4\n");
  const Problem problem(run);
  EXPECT_THAT(run.march.seams, ::testing::ElementsAre(0.25, 0.5, 0.75));
  const std::vector<Problem> windows = windows_of(run, problem);
  ASSERT_EQ(windows.size(), 4u);
  EXPECT_EQ(windows[1].coord_range(0).lower, 0.25);
  EXPECT_EQ(windows[1].coord_range(0).upper, 0.5);
  EXPECT_EQ(windows[3].coord_range(0).upper, 1);
  EXPECT_EQ(windows[2].coord_range(1).lower, -1);
  EXPECT_NE(windows[0].center(), windows[1].center());
  EXPECT_EQ(run.steps(), 4 * 110);
}

TEST(March, DividesTheTimeWhereToldTo) {
  const RunFile run = wave("[march]\nseams = [0.6, 0.8]\n");
  const std::vector<Problem> windows = windows_of(run, Problem(run));
  ASSERT_EQ(windows.size(), 3u);
  EXPECT_EQ(windows[0].coord_range(0).upper, 0.6);
  EXPECT_EQ(windows[1].coord_range(0).lower, 0.6);
  EXPECT_EQ(windows[1].coord_range(0).upper, 0.8);
  EXPECT_EQ(windows[2].coord_range(0).upper, 1);
  EXPECT_EQ(run.steps(), 3 * 110);
}

TEST(March, OfOneWindowIsThePlainRun) {
  EXPECT_EQ(trained(wave("[march]\nwindows = 1\n", 5)).weights, trained(wave("", 5)).weights);
}

TEST(March, CarriesTheSolutionFromWindowToWindow) {
  const RunFile run = wave("[march]\nseams = [0.25, 0.5]\npoints = 60\nweight = 100\n");
  const Problem problem(run);
  const TrainResult result = trained(run);
  EXPECT_EQ(result.steps, run.steps());
  EXPECT_EQ(result.weights.size(), 3 * std::size_t(problem.shape().parameters()));
  const TemporaryFolder folder;
  const Surrogate surrogate = export_surrogate(run, problem, result, folder / "wave.h5");
  EXPECT_LT(surrogate.card().validation.outputs[0].default_case, 2e-3);

  // The same on both sides of a seam.
  std::vector<double> before(1), after(1);
  for (const double x : {-0.6, -0.1, 0.2, 0.9}) {
    const std::vector<double> left{0.5, x}, right{0.5 + 1e-9, x};
    surrogate.predict(left, before);
    surrogate.predict(right, after);
    EXPECT_NEAR(before[0], after[0], 1e-3) << x;
  }
}

TEST(March, EndsInTheSameBitsAfterAStop) {
  const RunFile run = RunFile::parse(
      "physics = 'burgers'\ncheckpoint_every = 9\n[network]\nwidth = 6\ndepth = 2\n[terms.interior]\npoints = 64\n"
      "[[stage]]\noptimizer = 'adam'\nsteps = 10\nresample = 3\n[[stage]]\noptimizer = 'levenberg_marquardt'\n"
      "steps = 10\nresample = 4\n[march]\nwindows = 3\npoints = 20\n",
      "run");
  const TrainResult whole = trained(run);
  for (const int stop : {0, 5, 10, 19, 20, 21, 27, 33, 40, 41, 59}) {
    SCOPED_TRACE(stop);
    const TemporaryFolder folder;
    EXPECT_FALSE(trained(run, folder.path(), false, stop).finished);
    const TrainResult rest = trained(run, folder.path(), true);
    EXPECT_TRUE(rest.finished);
    EXPECT_EQ(rest.weights, whole.weights);
    EXPECT_EQ(rest.loss, whole.loss);
  }
}

}  // namespace
}  // namespace residua
