#include "pinn/trainer.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>

#include "pinn/export.hpp"
#include "tests/pinn/thrown.hpp"
#include "tests/surrogates/temporary_folder.hpp"

namespace residua {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ContainsRegex;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TrainResult trained(const RunFile& run, const fs::path& folder = {}, bool resume = false,
                    std::int64_t stop_after = -1) {
  const Problem problem(run);
  return train(run, problem, {folder, resume, Progress(Progress::Mode::quiet), stop_after});
}

std::string content(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(Training, SolvesTheHeatRodOverItsEnvelope) {
  const RunFile run = RunFile::parse(
      "physics = 'heat_rod'\n[network]\nwidth = 16\ndepth = 2\n[terms.interior]\npoints = 256\n"
      "[[stage]]\noptimizer = 'adam'\nsteps = 600\nlearning_rate = 1e-2\n[[stage]]\noptimizer = 'lbfgs'\nsteps = "
      "200\nresample = 100\n",
      "rod");
  const Problem problem(run);
  const TrainResult result = trained(run);
  EXPECT_LT(result.loss, 1e-4);
  EXPECT_EQ(result.steps, 800);
  EXPECT_EQ(result.stop_reason, "all steps done");
  ASSERT_EQ(result.losses.size(), 1u);
  EXPECT_EQ(result.losses[0].term, "interior");
  EXPECT_DOUBLE_EQ(result.losses[0].mean_square, result.loss);  // one term of weight one
  ASSERT_GT(result.history.size(), 50u);
  EXPECT_LT(result.history.size(), 500u);
  EXPECT_GT(result.history.front().loss, 100 * result.history.back().loss);

  const TemporaryFolder folder;
  const Surrogate surrogate = export_surrogate(run, problem, result, folder / "rod.h5");
  const Judgement judgement = judge(problem, predictor_of(surrogate, problem), 32, run.seed);
  EXPECT_LT(judgement.validation.outputs[0].worst, 1e-2);
  EXPECT_LT(judgement.validation.outputs[0].default_case, 1e-2);
  EXPECT_EQ(surrogate.card().provenance.run_file, run.text);
  EXPECT_FALSE(surrogate.card().validation.outputs.empty());
}

TEST(Training, GivesARangeToWhatThePhysicsHoldsFixed) {
  const RunFile run = RunFile::parse(
      "physics = 'kiln_wall'\nvalidation_cases = 1\n[network]\nwidth = 4\ndepth = 1\n"
      "[envelope]\nconductivity_slope = [0, 1e-3]\n[[stage]]\noptimizer = 'adam'\nsteps = 2\n",
      "wall");
  const TemporaryFolder folder;
  const Surrogate surrogate = export_surrogate(run, Problem(run), trained(run), folder / "wall.h5");
  const auto slope = std::ranges::find(surrogate.inputs(), "conductivity_slope", &Variable::name);
  ASSERT_NE(slope, surrogate.inputs().end());
  EXPECT_EQ(slope->lower, 0);
  EXPECT_EQ(slope->upper, 1e-3);
}

TEST(Training, LearnsFromIndependentPointsToo) {
  const std::string text =
      "physics = 'heat_rod'\n[network]\nwidth = 16\ndepth = 2\n[[stage]]\noptimizer = 'adam'\nsteps = "
      "300\nlearning_rate = 1e-2\n"
      "[[stage]]\noptimizer = 'lbfgs'\nsteps = 100\n";
  const TrainResult evenly = trained(RunFile::parse(text, "rod"));
  const TrainResult independently = trained(RunFile::parse("sampling = 'uniform'\n" + text, "rod"));
  EXPECT_LT(independently.loss, 1e-3);
  EXPECT_NE(independently.weights, evenly.weights);
}

/// A short run with every boundary at another step: fresh points, checkpoints, the next stage.
std::string short_run(const std::string& adam_precision = "float32", const std::string& lbfgs_precision = "float64",
                      int history = 5, int checkpoint_every = 13) {
  return "physics = 'burgers'\nseed = 3\ncheckpoint_every = " + std::to_string(checkpoint_every) +
         "\n[network]\nwidth = 8\ndepth = 2\n[terms.interior]\npoints = 64\n"
         "[[stage]]\noptimizer = 'adam'\nsteps = 40\nresample = 7\nprecision = '" +
         adam_precision +
         "'\n[[stage]]\noptimizer = 'lbfgs'\nsteps = 100\nresample = 30\nhistory = " + std::to_string(history) +
         "\nprecision = '" + lbfgs_precision + "'\n";
}

TEST(Training, GivesTheSameBitsForTheSameSeed) {
  const RunFile run = RunFile::parse(short_run(), "run");
  RunFile other = run;
  other.seed = 4;
  const TrainResult first = trained(run);
  EXPECT_EQ(first.weights, trained(run).weights);
  EXPECT_NE(first.weights, trained(other).weights);
}

TEST(Training, ReportsTheLossOfTheWeightsItReturns) {
  // One more run that starts where the first one ended, and does nothing, sees the same loss at the same points.
  const RunFile run = RunFile::parse(short_run(), "run");
  const TemporaryFolder folder;
  const TrainResult first = trained(run, folder.path()), again = trained(run, folder.path(), true);
  EXPECT_EQ(first.weights, again.weights);
  EXPECT_GT(first.loss, 0);
  EXPECT_EQ(first.loss, again.loss);
  ASSERT_EQ(again.losses.size(), 1u);
  EXPECT_EQ(first.losses[0].mean_square, again.losses[0].mean_square);
}

class Resumed : public ::testing::TestWithParam<int> {};

TEST_P(Resumed, RunEndsInTheSameBitsAsOneThatWasNotStopped) {
  for (const auto& text : {short_run(), short_run("float64", "float32", 50, 1000)}) {
    const RunFile run = RunFile::parse(text, "run");
    const TemporaryFolder folder;
    const TrainResult whole = trained(run), part = trained(run, folder.path(), false, GetParam());
    EXPECT_EQ(part.stop_reason, "stopped as asked");
    EXPECT_GE(part.steps, GetParam());
    EXPECT_LT(part.steps, GetParam() + 20);
    const TrainResult rest = trained(run, folder.path(), true);
    EXPECT_EQ(rest.stop_reason, "all steps done");
    EXPECT_EQ(rest.steps, 140);
    EXPECT_EQ(rest.weights, whole.weights);
    EXPECT_EQ(rest.loss, whole.loss);
  }
}

// Adam ends at 40. Fresh points come at multiples of 7, then at 40, 80, 100; checkpoints at multiples of 13 in Adam.
INSTANTIATE_TEST_SUITE_P(AfterStep, Resumed, ::testing::Values(0, 1, 7, 13, 25, 39, 40, 41, 60, 80, 95, 120),
                         ::testing::PrintToStringParamName());

/// Terms, points and parameters whose weights and choice depend on the past.
std::string weighted_run(const std::string& weighting) {
  return "physics = 'heat'\nseed = 3\ncheckpoint_every = 13\n[network]\nwidth = 6\ndepth = 2\n"
         "[envelope]\ndiffusivity = 0.1\n[terms]\ninterior = {points = 64}\ninitial = {points = 16, weight = 1}\n"
         "left = {points = 8, weight = 1}\nright = {points = 8, weight = 1}\n[weighting]\nmethod = '" +
         weighting +
         "'\nevery = 10\n[causal]\nchunks = 5\nevery = 20\n"
         "[[stage]]\noptimizer = 'adam'\nsteps = 40\nresample = 7\nretain = true\nenvelope = {diffusivity = 0.2}\n"
         "[[stage]]\noptimizer = 'levenberg_marquardt'\nsteps = 30\nresample = 8\nmore_points = 1\nretain = true\n";
}

TEST(Training, EndsInTheSameBitsAfterAStopWhateverWeighsTheLoss) {
  for (const char* weighting : {"fixed", "gradient_norm", "ntk", "relobralo"}) {
    const RunFile run = RunFile::parse(weighted_run(weighting), "run");
    const TrainResult whole = trained(run);
    for (const int stop : {0, 1, 8, 20, 26, 39, 40, 41, 48, 60}) {
      SCOPED_TRACE(std::string(weighting) + " " + std::to_string(stop));
      const TemporaryFolder folder;
      trained(run, folder.path(), false, stop);
      const TrainResult rest = trained(run, folder.path(), true);
      EXPECT_EQ(rest.steps, whole.steps);
      EXPECT_EQ(rest.weights, whole.weights);
      EXPECT_EQ(rest.loss, whole.loss);
    }
  }
}

TEST(Training, ReportsTheLossInTheWeightsOfTheRunFileAlone) {
  const TrainResult result = trained(RunFile::parse(weighted_run("gradient_norm"), "run"));
  double sum = 0;
  for (const TermLoss& loss : result.losses) sum += loss.mean_square;
  EXPECT_NEAR(result.loss, sum, 1e-13 * sum);
}

TEST(Training, MayBeStoppedManyTimes) {
  const RunFile run = RunFile::parse(short_run(), "run");
  const TemporaryFolder folder;
  trained(run, folder.path(), false, 10);
  for (const int stop : {20, 35, 50, 70, 110}) trained(run, folder.path(), true, stop);
  EXPECT_EQ(trained(run, folder.path(), true).weights, trained(run).weights);
}

TEST(Training, MayLeaveOutAPhase) {
  for (const auto& [adam, lbfgs] : {std::pair{"0", "40"}, {"20", "0"}, {"0", "0"}}) {
    SCOPED_TRACE(std::string(adam) + " + " + lbfgs);
    const RunFile run = RunFile::parse(
        std::string("physics = 'heat_rod'\n[network]\nwidth = 8\ndepth = 1\n[terms.interior]\npoints = 32\n"
                    "[[stage]]\noptimizer = 'adam'\nsteps = ") +
            adam + "\n[[stage]]\noptimizer = 'lbfgs'\nsteps = " + lbfgs,
        "run");
    const TemporaryFolder folder;
    const TrainResult result = trained(run, folder.path());
    EXPECT_EQ(result.steps, run.steps());
    EXPECT_TRUE(std::isfinite(result.loss) && result.loss > 0) << result.loss;
    EXPECT_EQ(result.weights, trained(run, folder.path(), true).weights);
  }
}

TEST(Training, RefusesToResumeAnotherRun) {
  const TemporaryFolder folder;
  trained(RunFile::parse(short_run(), "run"), folder.path(), false, 20);
  const std::string before = content(folder / "checkpoint.pt");
  const RunFile other = RunFile::parse(short_run() + "# changed\n", "run");
  EXPECT_THAT(thrown_by([&] { trained(other, folder.path(), true); }),
              AllOf(HasSubstr("checkpoint.pt"), HasSubstr("belongs to another run")));
  EXPECT_EQ(content(folder / "checkpoint.pt"), before);
}

TEST(Training, RefusesToResumeWithoutACheckpoint) {
  const TemporaryFolder folder;
  EXPECT_THAT(thrown_by([&] { trained(RunFile::parse(short_run(), "run"), folder.path(), true); }),
              AllOf(HasSubstr("checkpoint.pt"), HasSubstr("no checkpoint there")));
}

/// Resuming from these bytes gives one clear line and leaves them alone.
void expect_refused(const RunFile& run, const fs::path& folder, const std::string& bytes) {
  std::ofstream(folder / "checkpoint.pt", std::ios::binary | std::ios::trunc) << bytes;
  const std::string message = thrown_by([&] { trained(run, folder, true); });
  EXPECT_THAT(message, AllOf(HasSubstr("checkpoint.pt: not a whole checkpoint"), Not(HasSubstr("\n"))));
  EXPECT_EQ(content(folder / "checkpoint.pt"), bytes);
}

TEST(Training, RefusesCheckpointsThatAreCutOffOrDamaged) {
  const RunFile run = RunFile::parse(short_run(), "run");
  const TemporaryFolder folder;
  for (const int stop : {20, 80}) {
    trained(run, folder.path(), false, stop);
    const std::string whole = content(folder / "checkpoint.pt");
    ASSERT_GT(whole.size(), 1000u);
    for (const std::size_t size :
         {std::size_t(0), std::size_t(1), std::size_t(100), whole.size() / 2, whole.size() - 100, whole.size() - 1}) {
      SCOPED_TRACE(size);
      expect_refused(run, folder.path(), whole.substr(0, size));
    }
    expect_refused(run, folder.path(), std::string(5000, 'x'));
    expect_refused(run, folder.path(), "PK\x03\x04" + std::string(5000, '\0'));
    std::string damaged = whole;  // within the run file's text, which is stored as it is
    const std::size_t text = damaged.find("physics = 'burgers'");
    ASSERT_NE(text, std::string::npos);
    damaged[text] = 'q';
    expect_refused(run, folder.path(), damaged);
  }
}

TEST(Training, KeepsTheCheckpointBeforeTheLastOne) {
  const RunFile run = RunFile::parse(short_run(), "run");
  const TemporaryFolder folder;
  trained(run, folder.path(), false, 95);
  std::string last = content(folder / "checkpoint.pt");
  std::ofstream(folder / "checkpoint.pt", std::ios::binary)
      << last.replace(last.size() / 2, 1, 1, char(~last[last.size() / 2]));
  EXPECT_THAT(thrown_by([&] { trained(run, folder.path(), true); }),
              HasSubstr("the one before it is checkpoint.previous.pt"));
  fs::rename(folder / "checkpoint.previous.pt", folder / "checkpoint.pt");
  const TrainResult rest = trained(run, folder.path(), true), whole = trained(run);
  EXPECT_EQ(rest.weights, whole.weights);
  ASSERT_EQ(rest.history.size(), whole.history.size());
  for (std::size_t i = 0; i < whole.history.size(); ++i) EXPECT_EQ(rest.history[i].loss, whole.history[i].loss);
}

TEST(Training, LeavesOnlyCheckpointsAndMetricsInItsFolder) {
  const TemporaryFolder folder;
  trained(RunFile::parse(short_run(), "run"), folder.path());
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder.path())) names.push_back(entry.path().filename());
  EXPECT_THAT(names, ::testing::UnorderedElementsAre("checkpoint.pt", "checkpoint.previous.pt", "metrics.csv"));
}

TEST(Training, NamesTheTermWhoseLossIsNotFinite) {
  const TemporaryFolder folder;
  const RunFile run = RunFile::parse(
      "physics = 'heat_rod'\n[network]\nwidth = 8\n[envelope]\ndiffusivity = 1e30\n[terms.interior]\npoints = "
      "16\n[[stage]]\noptimizer = 'adam'\nsteps = 5",
      "run");
  EXPECT_THAT(thrown_by([&] { trained(run, folder.path()); }),
              AllOf(HasSubstr("term 'interior'"), HasSubstr("inf"), HasSubstr("at time="), HasSubstr("step 0"),
                    HasSubstr("expected a finite number")));
  EXPECT_FALSE(fs::exists(folder / "checkpoint.pt"));

  const RunFile inlet = RunFile::parse(
      "physics = 'leach_column'\n[network]\nwidth = 8\n[envelope]\npeclet = 1e-30\n[terms.interior]\nweight = "
      "0\n[[stage]]\noptimizer = 'adam'\nsteps = 5",
      "run");
  EXPECT_THAT(thrown_by([&] { trained(inlet); }),
              AllOf(HasSubstr("term 'inlet'"), HasSubstr("expected a finite number")));
}

TEST(Training, SaysWhereTheWeightsWereNotFiniteAnyMore) {
  // Muon squares the gradient in float32, where the squares overflow and the loss does not.
  const TemporaryFolder folder;
  const RunFile run = RunFile::parse(
      "physics = 'heat_rod'\ncheckpoint_every = 1\n[network]\nwidth = 8\ndepth = 2\n[envelope]\ndiffusivity = 1e12\n"
      "[terms.interior]\npoints = 32\n[[stage]]\noptimizer = 'muon'\nsteps = 4\n",
      "run");
  EXPECT_THAT(thrown_by([&] { trained(run, folder.path()); }),
              AllOf(HasSubstr("stage 1 muon step "), HasSubstr("the weights are not finite any more"),
                    HasSubstr("the checkpoint of step ")));
}

TEST(Training, SaysThatSoapCannotSquareTheGradient) {
  const auto run = [](const std::string& precision) {
    return RunFile::parse(
        "physics = 'heat_rod'\n[network]\nwidth = 8\ndepth = 2\n[envelope]\ndiffusivity = 1e12\n"
        "[terms.interior]\npoints = 32\n[[stage]]\noptimizer = 'soap'\nsteps = 4\nprecision = '" +
            precision + "'\n",
        "run");
  };
  EXPECT_THAT(thrown_by([&] { trained(run("float32")); }),
              AllOf(HasSubstr("soap"), HasSubstr("expected a finite number"), HasSubstr("float64")));
  EXPECT_NO_THROW(trained(run("float64")));
}

/// Eight draws of so few points that Levenberg-Marquardt is soon at its end on each of them.
RunFile soon_at_its_end() {
  return RunFile::parse(
      "physics = 'heat_rod'\n[network]\nwidth = 2\ndepth = 1\n[envelope]\ndiffusivity = 0.1\n"
      "[terms.interior]\npoints = 8\n"
      "[[stage]]\noptimizer = 'levenberg_marquardt'\nsteps = 800\nresample = 100\nadaptive = 0\n",
      "run");
}

TEST(Training, LogsEachReasonToStopOnceAndThenHowOften) {
  const RunFile run = soon_at_its_end();
  const Problem problem(run);
  std::vector<std::string> lines;
  TrainOptions options;
  options.progress = Progress(Progress::Mode::quiet);
  options.log = [&](const std::string& line) { lines.push_back(line); };
  const TrainResult result = train(run, problem, options);
  const std::string start = "stage 1 levenberg_marquardt ";
  EXPECT_THAT(lines, Contains(AllOf(StartsWith(start + "stops at step "), EndsWith(": " + result.stop_reason))));
  EXPECT_THAT(lines, Contains(ContainsRegex("^" + start + "stopped [2-8] times: ")));
  EXPECT_LE(std::ranges::count_if(lines, [&](const auto& line) { return line.starts_with(start + "stops"); }), 3);
}

TEST(Training, KeepsWhyItStoppedInTheCheckpoint) {
  const RunFile run = soon_at_its_end();
  const TemporaryFolder folder;
  const TrainResult first = trained(run, folder.path()), again = trained(run, folder.path(), true);
  EXPECT_NE(first.stop_reason, "all steps done");
  EXPECT_EQ(again.stop_reason, first.stop_reason);
}

TEST(Training, BeginsWhenNothingStandsInItsWay) {
  const RunFile run = RunFile::parse(short_run(), "run");
  const Problem problem(run);
  const TemporaryFolder folder;
  int begun = 0;
  TrainOptions options{folder.path(), false, Progress(Progress::Mode::quiet), 20};
  options.begins = [&] {
    ++begun;
    EXPECT_TRUE(fs::is_empty(folder.path()));
  };
  train(run, problem, options);
  EXPECT_EQ(begun, 1);
  options.resume = true;
  train(run, problem, options);
  EXPECT_EQ(begun, 1) << "a resumed run is under way already";
}

}  // namespace
}  // namespace residua
