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
  /// Of two stages, the first in float64. Squares of 1e39 are too much for float32, and nothing to float64.
  static std::string overflowing(const std::string& precision_of_second) {
    return "physics = 'heat_rod'\nvalidation_cases = 1\n[network]\nwidth = 6\ndepth = 1\n[envelope]\n"
           "diffusivity = 1e19\n[[stage]]\noptimizer = 'adam'\nsteps = 20\nprecision = 'float64'\n"
           "[[stage]]\noptimizer = 'adam'\nsteps = 20\nprecision = '" +
           precision_of_second + "'\n";
  }
  /// The folder run ends as a run of that file that nothing came between.
  void expect_as_never_stopped(const std::string& run_file) const {
    ASSERT_EQ(residua("train " + run_file + " -q -o whole").code, 0);
    expect_same("whole", "run");
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

TEST_F(Survival, AFullDiskLeavesNoHalfSurrogate) {
  write("small.toml",
        "physics = 'heat_rod'\nvalidation_cases = 1\n[network]\nwidth = 8\ndepth = 1\n[terms.interior]\npoints = 8\n"
        "[[stage]]\noptimizer = 'adam'\nsteps = 20\n");
  ASSERT_EQ(residua("train small.toml -q -o whole").code, 0);
  const auto checkpoint = fs::file_size(work("whole/checkpoint.pt")),
             surrogate = fs::file_size(work("whole/surrogate.h5"));
  ASSERT_LT(checkpoint + 2048, surrogate) << "room between them for a limit";
  const std::string blocks = std::to_string((checkpoint + surrogate) / 2 / 512);
  const Outcome full = residua("train small.toml -q -o full", "trap '' XFSZ; ulimit -f " + blocks + "; exec");
  EXPECT_EQ(full.code, 2);
  EXPECT_THAT(full.err, AllOf(HasSubstr("full/surrogate.h5"), HasSubstr("writing failed")));
  EXPECT_FALSE(fs::exists(work("full/surrogate.h5")));
  ASSERT_EQ(residua("train small.toml -q -o full --resume").code, 0);
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
  write("bad.toml", "checkpoint_every = 6\n" + overflowing("float32"));
  write("good.toml", "checkpoint_every = 6\n" + overflowing("float64"));
  const Outcome bad = residua("train bad.toml -q -o run");
  EXPECT_EQ(bad.code, 2);
  EXPECT_THAT(bad.err,
              AllOf(HasSubstr("adam step 0"), HasSubstr("term 'interior'"), HasSubstr(" at time="),
                    HasSubstr("position="), HasSubstr("checkpoint of step 18 is good"), HasSubstr("--changed")));
  EXPECT_THAT(content(work("run/log.txt")), HasSubstr("failed: stage 2 adam step 0"));
  expect_refused("train good.toml -q -o run --resume", {"belongs to another run"});
  const Outcome good = residua("train good.toml -q -o run --resume --changed");
  ASSERT_EQ(good.code, 0) << good.err;
  EXPECT_EQ(content(work("run/run.toml")), content(work("good.toml")));
  expect_as_never_stopped("good.toml");
}

TEST_F(Survival, GoesBackToTheCheckpointBeforeTheLastWhereThatOneLeadsToTheError) {
  write("bad.toml", "checkpoint_every = 10\n" + overflowing("float32"));
  write("good.toml", "checkpoint_every = 10\n" + overflowing("float64"));
  const Outcome bad = residua("train bad.toml -q -o run");
  EXPECT_EQ(bad.code, 2);
  EXPECT_THAT(bad.err, AllOf(HasSubstr("the checkpoint of step 20 leads straight to this error"),
                             HasSubstr("rename checkpoint.previous.pt to checkpoint.pt"), Not(HasSubstr("is good"))));
  fs::rename(work("run/checkpoint.previous.pt"), work("run/checkpoint.pt"));
  const Outcome good = residua("train good.toml -q -o run --resume --changed");
  ASSERT_EQ(good.code, 0) << good.err;
  expect_as_never_stopped("good.toml");

  write("once.toml", "checkpoint_every = 20\n" + overflowing("float32"));
  EXPECT_THAT(residua("train once.toml -q -o once").err, HasSubstr("expected --restart with other settings"));
}

TEST_F(Survival, NeverBeginsAnewOverTheCheckpointBeforeTheLast) {
  ASSERT_EQ(residua("train rod.toml -q -o run --stop-after 70").code, 0);
  const fs::path last = work("run/checkpoint.pt"), previous = work("run/checkpoint.previous.pt");
  fs::rename(last, previous);
  const std::string before = content(previous);
  expect_refused("train rod.toml -q -o run --resume", {"run/checkpoint.pt", "rename", "checkpoint.previous.pt"});
  expect_refused("train rod.toml -q -o run", {"run: holds a training that has not ended", "--restart"});
  EXPECT_EQ(content(previous), before);
  fs::rename(previous, last);
  ASSERT_EQ(residua("train rod.toml -q -o run --resume").code, 0);
  expect_as_never_stopped("rod.toml");
}

TEST_F(Survival, ReplacesAResultOnlyWhenTold) {
  ASSERT_EQ(residua("train rod.toml -q -o run").code, 0);
  expect_refused("train rod.toml -q -o run", {"run/surrogate.h5", "has ended", "--restart"});
  fs::remove(work("run/checkpoint.pt"));
  expect_refused("train rod.toml -q -o run --resume", {"run/surrogate.h5", "has ended", "--restart"});
  write("other.toml", "seed = 2\n" + content(work("rod.toml")));
  const Outcome again = residua("train other.toml -q -o run --restart");
  ASSERT_EQ(again.code, 0) << again.err;
  EXPECT_EQ(content(work("run/run.toml")), content(work("other.toml")));
  expect_as_never_stopped("other.toml");
}

TEST_F(Survival, KeepsTheOldResultUntilTheNewTrainingCanBegin) {
  ASSERT_EQ(residua("train rod.toml -q -o run").code, 0);
  const auto result = [&] {
    std::vector<std::string> contents;
    for (const char* name : {"run.toml", "metrics.csv", "checkpoint.pt", "surrogate.h5"})
      contents.push_back(content(work("run") / name));
    return contents;
  };
  const auto before = result();
  const auto expect_failed = [&](const std::string& arguments, const std::vector<std::string>& says,
                                 const std::string& environment = "") {
    expect_refused(arguments, says, environment);
    EXPECT_EQ(result(), before) << arguments;
  };
  write("branch.toml", content(work("rod.toml")) + "[network.branch]\nwidth = 8\ndepth = 1\n");
  expect_failed("train branch.toml -q -o run --restart --device cuda", {"network.branch", "--device cpu"});
  write("long.toml", content(work("rod.toml")) + std::string(20000, '#') + "\n");
  expect_failed("train long.toml -q -o run --restart", {"run/run.toml", "writing failed"},
                "trap '' XFSZ; ulimit -f 14; exec");
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
