#include <sys/file.h>

#include <chrono>
#include <csignal>
#include <random>
#include <sstream>
#include <thread>

#include "tests/pinn/command_line.hpp"

namespace residua {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kOptimizers[] = {"adam", "soap", "muon", "lbfgs", "ssbroyden", "levenberg_marquardt"};

/// Runs that end at moments which nobody chose.
class Survival : public CommandLine {
 protected:
  Survival() {
    std::string text =
        "physics = 'burgers'\nseed = 5\ncheckpoint_every = 9\nvalidation_cases = 1\n[network]\nwidth = 10\ndepth = 2\n"
        "[terms.interior]\npoints = 200\n";
    for (const char* optimizer : kOptimizers)
      text += "[[stage]]\noptimizer = '" + std::string(optimizer) + "'\nsteps = 300\nresample = 25\nmore_points = 1\n";
    write("run.toml", text);
  }

  /// The last whole row of a run's metrics; empty before the first.
  std::string last_row(const std::string& run) const {
    std::istringstream rows(content(work(run + "/metrics.csv")));
    std::string row, last;
    std::getline(rows, row);
    while (std::getline(rows, row) && !rows.eof()) last = row;
    return last;
  }
  int stage_of(const std::string& run) const {
    std::istringstream cells(last_row(run));
    std::string cell;
    for (int i = 0; i < 4; ++i) std::getline(cells, cell, ',');
    return cell.empty() ? -1 : std::atoi(cell.c_str());
  }
  void wait_for_stage(const std::string& run, int stage) const {
    for (int i = 0; i < 60000 && stage_of(run) < stage; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  /// The metrics without the seconds, which no two runs share.
  std::string metrics(const std::string& run) const {
    std::istringstream rows(content(work(run + "/metrics.csv")));
    std::string text;
    for (std::string row; std::getline(rows, row);) {
      const std::size_t first = row.find(','), second = row.find(',', first + 1);
      text += row.substr(0, first) + row.substr(second) + "\n";
    }
    return text;
  }
  void expect_same(const std::string& one, const std::string& other) const {
    const Model a = load(work(one + "/surrogate.h5")), b = load(work(other + "/surrogate.h5"));
    EXPECT_EQ(a.weights, b.weights);
    ASSERT_EQ(a.card.provenance.loss_history.size(), b.card.provenance.loss_history.size());
    for (std::size_t i = 0; i < a.card.provenance.loss_history.size(); ++i)
      EXPECT_EQ(a.card.provenance.loss_history[i].loss, b.card.provenance.loss_history[i].loss);
    EXPECT_EQ(metrics(one), metrics(other));
  }
};

TEST_F(Survival, EndsInTheSameBitsAfterAKillInEveryOptimizer) {
  ASSERT_EQ(residua("train run.toml -q -o whole").code, 0);
  std::mt19937 random(7);
  for (int stage = 0; stage < 6; ++stage) {
    SCOPED_TRACE(kOptimizers[stage]);
    std::vector<std::string> arguments{"train", "run.toml", "-q", "-o", "killed"};
    if (stage > 0) arguments.push_back("--resume");
    const pid_t child = start(arguments);
    wait_for_stage("killed", stage);
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 3000));
    kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status)) << "it was over before it could be killed: " << said();
    EXPECT_EQ(stage_of("killed"), stage);
  }
  const Outcome rest = residua("train run.toml -q -o killed --resume");
  ASSERT_EQ(rest.code, 0) << rest.err;
  expect_same("whole", "killed");
  for (const std::string& file : files()) EXPECT_THAT(file, Not(HasSubstr(".part"))) << "left over";
}

TEST_F(Survival, StopsInGoodOrderOnASignalAndGoesOnFromThere) {
  ASSERT_EQ(residua("train run.toml -q -o whole").code, 0);
  int stage = 1;
  for (const int signal : {SIGINT, SIGTERM}) {
    std::vector<std::string> arguments{"train", "run.toml", "-q", "-o", "stopped"};
    if (signal == SIGTERM) arguments.push_back("--resume");
    const pid_t child = start(arguments);
    wait_for_stage("stopped", stage);
    kill(child, signal);
    int status = 0;
    waitpid(child, &status, 0);
    ASSERT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 128 + signal);
    EXPECT_THAT(said(), AllOf(HasSubstr("stopped as asked"), HasSubstr("--resume")));
    EXPECT_FALSE(fs::exists(work("stopped/surrogate.h5")));
    stage += 2;
  }
  expect_refused("train run.toml -q -o stopped", {"stopped: holds a training that has not ended", "--restart"});
  ASSERT_EQ(residua("train run.toml -q -o stopped --resume").code, 0);
  expect_same("whole", "stopped");
}

TEST_F(Survival, AFullDiskLeavesTheLastCheckpoint) {
  ASSERT_EQ(residua("train run.toml -q -o whole").code, 0);
  ASSERT_EQ(residua("train run.toml -q -o full --stop-after 100").code, 0);
  const std::string before = content(work("full/checkpoint.pt"));
  ASSERT_GT(before.size(), 8192u);
  // A limit on the size of files stands for the disk: whoever ignores its signal gets an error from write().
  const Outcome full = residua("train run.toml -q -o full --resume", "trap '' XFSZ; ulimit -f 14; exec");
  EXPECT_EQ(full.code, 2);
  EXPECT_THAT(full.err, AllOf(HasSubstr("full/checkpoint.pt"), HasSubstr("writing failed")));
  EXPECT_EQ(content(work("full/checkpoint.pt")), before);
  ASSERT_EQ(residua("train run.toml -q -o full --resume").code, 0);
  expect_same("whole", "full");
}

TEST_F(Survival, BeginsAgainAfterACrashBeforeTheFirstCheckpoint) {
  fs::create_directory(work("early"));
  fs::copy_file(work("rod.toml"), work("early/run.toml"));
  ASSERT_EQ(residua("train rod.toml -q -o early --resume").code, 0);
  ASSERT_EQ(residua("train rod.toml -q -o whole").code, 0);
  expect_same("whole", "early");
}

TEST_F(Survival, OneTrainingAtATimeInAFolder) {
  ASSERT_EQ(residua("train rod.toml -q -o run --stop-after 20").code, 0);
  const int file = open(work("run/log.txt").c_str(), O_RDONLY);
  ASSERT_EQ(flock(file, LOCK_EX), 0);
  expect_refused("train rod.toml -q -o run --resume", {"run/log.txt", "another training is at work"});
  expect_refused("train rod.toml -q -o run --restart", {"run/log.txt", "another training is at work"});
  close(file);
  EXPECT_EQ(residua("train rod.toml -q -o run --resume").code, 0);
}

TEST_F(Survival, GoesBackToTheLastGoodCheckpointAfterALossThatIsNotFinite) {
  // Squares of 1e39 are too much for float32, and nothing to float64.
  const std::string start =
      "physics = 'heat_rod'\nvalidation_cases = 1\n[network]\nwidth = 6\ndepth = 1\n[envelope]\n"
      "diffusivity = 1e19\n[[stage]]\noptimizer = 'adam'\nsteps = 20\nprecision = 'float64'\n"
      "[[stage]]\noptimizer = 'adam'\nsteps = 20\nprecision = '";
  write("bad.toml", "checkpoint_every = 6\n" + start + "float32'\n");
  write("good.toml", "checkpoint_every = 6\n" + start + "float64'\n");
  const Outcome bad = residua("train bad.toml -q -o run");
  EXPECT_EQ(bad.code, 2);
  EXPECT_THAT(bad.err,
              AllOf(HasSubstr("adam step 0"), HasSubstr("term 'interior'"), HasSubstr(" at time="),
                    HasSubstr("position="), HasSubstr("checkpoint of step 18 is good"), HasSubstr("--changed")));
  EXPECT_THAT(content(work("run/log.txt")), HasSubstr("failed: adam step 0"));
  expect_refused("train good.toml -q -o run --resume", {"belongs to another run"});
  write("other.toml", "checkpoint_every = 6\n" + start + "float64'\n[surrogate]\nprecision = 'float64'\n");
  const Outcome good = residua("train good.toml -q -o run --resume --changed");
  ASSERT_EQ(good.code, 0) << good.err;
  EXPECT_EQ(content(work("run/run.toml")), content(work("good.toml")));
  ASSERT_EQ(residua("train good.toml -q -o whole").code, 0);
  expect_same("whole", "run");
}

TEST_F(Survival, ChangesMustLeaveTheNetworkAndTheStagesBehindAlone) {
  ASSERT_EQ(residua("train run.toml -q -o run --stop-after 320").code, 0);
  const std::string text = content(work("run.toml"));
  const auto with = [&](const std::string& old, const std::string& now) {
    std::string changed = text;
    write("changed.toml", changed.replace(changed.find(old), old.size(), now));
  };
  with("width = 10", "width = 11");
  expect_refused("train changed.toml -q -o run --resume --changed", {"the same network"});
  with("'soap'", "'muon'");
  expect_refused("train changed.toml -q -o run --resume --changed", {"soap in stage 2"});
  with("'soap'\nsteps = 300", "'soap'\nsteps = 10");
  expect_refused("train changed.toml -q -o run --resume --changed", {"20 steps or more in stage 2"});
}

}  // namespace
}  // namespace residua
