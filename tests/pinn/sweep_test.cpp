#include "pinn/sweep.hpp"

#include <chrono>
#include <cmath>
#include <csignal>
#include <set>
#include <thread>

#include "pinn/run_file.hpp"
#include "tests/pinn/command_line.hpp"
#include "tests/pinn/thrown.hpp"

namespace residua {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kBase =
    "physics = 'heat_rod'\n[[stage]]\noptimizer = 'adam'\nsteps = 10\n[[stage]]\noptimizer = 'lbfgs'\nsteps = 5\n";

std::vector<SweepKey> keys_of(const std::vector<std::string>& words) {
  std::vector<SweepKey> keys;
  for (const std::string& word : words) keys.push_back(parse_sweep_key(word));
  return keys;
}

TEST(SweepKeys, ReachEveryPartOfARunFile) {
  const auto runs = grid_of(kBase, keys_of({"network.width=8,16", "stage.2.history=3", "stage.1.optimizer=soap",
                                            "envelope.diffusivity=[0.1, 0.2],0.15"}));
  ASSERT_EQ(runs.size(), 4u);
  EXPECT_THAT(runs[1].values, ElementsAre("8", "3", "soap", "0.15"));
  const RunFile run = RunFile::parse(runs[2].text, "run");
  EXPECT_EQ(run.width, 16);
  EXPECT_EQ(run.stages[0].method, Method::soap);
  EXPECT_EQ(run.stages[1].history, 3);
  EXPECT_EQ(run.stages[1].steps, 5);
  EXPECT_EQ(run.envelope.at("diffusivity").upper, 0.2);
}

TEST(SweepKeys, SamplesFillTheirRanges) {
  const auto keys = keys_of({"stage.1.learning_rate=1e-4:1e-2:log", "seed=1:4", "network.activation=tanh,sin"});
  const auto runs = samples_of(kBase, keys, 32, 1);
  ASSERT_EQ(runs.size(), 32u);
  int small = 0;
  std::set<std::uint64_t> seeds;
  std::set<Activation> activations;
  for (const SweepRun& run : runs) {
    const RunFile file = RunFile::parse(run.text, "run");
    EXPECT_GE(file.stages[0].learning_rate, 1e-4);
    EXPECT_LE(file.stages[0].learning_rate, 1e-2);
    small += file.stages[0].learning_rate < 1e-3;
    seeds.insert(file.seed);
    activations.insert(file.activation);
  }
  EXPECT_NEAR(small, 16, 2);  // half of the decades
  EXPECT_EQ(seeds, (std::set<std::uint64_t>{1, 2, 3, 4}));
  EXPECT_EQ(activations.size(), 2u);
  EXPECT_EQ(samples_of(kBase, keys, 32, 1)[7].text, runs[7].text);
}

TEST(SweepKeys, SayWhatTheyExpect) {
  EXPECT_THAT(thrown_by([] { parse_sweep_key("width"); }), HasSubstr("key=value,value"));
  EXPECT_THAT(thrown_by([] { parse_sweep_key("width=3:1"); }), AllOf(HasSubstr("--vary width"), HasSubstr("3:1")));
  EXPECT_THAT(thrown_by([] { parse_sweep_key("width=0:1:log"); }), HasSubstr("above 0"));
  EXPECT_THAT(thrown_by([] { grid_of(kBase, keys_of({"seed=1:4"})); }), HasSubstr("--samples"));
  EXPECT_THAT(thrown_by([] { grid_of(kBase, keys_of({"stage.3.steps=1"})); }), HasSubstr("from 1 to 2"));
}

class SweepCommand : public CommandLine {
 protected:
  SweepCommand() {
    write("small.toml",
          "physics = 'heat_rod'\nvalidation_cases = 2\n[network]\nwidth = 8\ndepth = 1\n"
          "[terms.interior]\npoints = 64\n[[stage]]\noptimizer = 'adam'\nsteps = 50\n");
  }
};

TEST_F(SweepCommand, GoesOnWhenOneRunFails) {
  // A diffusivity of which the square overflows float32: a loss that is not finite.
  const std::string arguments = "sweep small.toml --vary envelope.diffusivity=0.1,1e30 seed=1,2 -j 2 -o s";
  const Outcome sweep = residua(arguments);
  EXPECT_EQ(sweep.code, 1) << sweep.err;
  EXPECT_THAT(sweep.out,
              AllOf(HasSubstr("2 of 4 done"), HasSubstr("FAILED with status 2"), HasSubstr("term 'interior'")));
  const std::string table = content(work("s/results.csv"));
  EXPECT_THAT(table, AllOf(HasSubstr("run,status,envelope.diffusivity,seed,loss"), HasSubstr("\n000,done,0.1,1,"),
                           HasSubstr("\n001,done,0.1,2,"), HasSubstr("\n002,failed,1e30,1,"), HasSubstr("003,failed")));
  EXPECT_EQ(content(work("s/results.png")).substr(1, 3), "PNG");
  const auto time = fs::last_write_time(work("s/000/surrogate.h5"));
  EXPECT_EQ(residua(arguments).code, 1);
  EXPECT_EQ(fs::last_write_time(work("s/000/surrogate.h5")), time);  // what is done stays
  EXPECT_EQ(content(work("s/results.csv")), table);
}

TEST_F(SweepCommand, GoesOnAfterAKillToTheSameSurrogates) {
  write("longer.toml", content(work("small.toml")) + "[[stage]]\noptimizer = 'adam'\nsteps = 1500\nresample = 3\n");
  ASSERT_EQ(residua("sweep longer.toml --vary seed=1,2,3 -j 2 -o whole").code, 0);
  const pid_t child = start({"sweep", "longer.toml", "--vary", "seed=1,2,3", "-j", "2", "-o", "killed"});
  for (int i = 0; i < 20000 && !fs::exists(work("killed/000/metrics.csv")); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  EXPECT_FALSE(fs::exists(work("killed/002/surrogate.h5")));
  const Outcome rest = residua("sweep longer.toml --vary seed=1,2,3 -j 2 -o killed");
  EXPECT_EQ(rest.code, 0) << rest.err;
  for (const char* run : {"000", "001", "002"})
    EXPECT_EQ(load(work("whole") / run / "surrogate.h5").weights, load(work("killed") / run / "surrogate.h5").weights);
}

TEST_F(SweepCommand, SaysWhichSignalHasKilledARun) {
  write("endless.toml", content(work("small.toml")) + "[[stage]]\noptimizer = 'adam'\nsteps = 100000000\n");
  const pid_t sweep = start({"sweep", "endless.toml", "--vary", "seed=7", "-o", "s"});
  for (int i = 0; i < 20000 && !fs::exists(work("s/000/metrics.csv")); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  const std::vector<pid_t> runs = children(sweep);
  for (const pid_t run : runs) kill(run, SIGKILL);
  int status = 0;
  waitpid(sweep, &status, 0);
  ASSERT_EQ(runs.size(), 1u);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 1);
  EXPECT_THAT(said(), HasSubstr("FAILED with status 137: killed by signal 9"));
  EXPECT_THAT(content(work("s/results.csv")), HasSubstr("\n000,failed,7,,,,,killed by signal 9\n"));
}

TEST_F(SweepCommand, RefusesBeforeAnythingIsTrained) {
  expect_refused("sweep small.toml --vary network.width=8,0 -o s", {"network.width=0", "from 1 to"});
  expect_refused("sweep small.toml --vary network.widht=8 -o s", {"'widht'", "width"});
  expect_refused("sweep small.toml --vary envelope.diffusivity=-1 -o s", {"envelope.diffusivity", "0 to inf"});
  expect_refused("sweep small.toml --vary seed=1 -o small.toml/s", {"small.toml/s/000", "cannot be made"});
  ASSERT_EQ(residua("sweep small.toml --vary seed=1 -o s").code, 0);
  expect_refused("sweep small.toml --vary seed=2 -o s", {"belongs to another sweep"});
}

}  // namespace
}  // namespace residua
