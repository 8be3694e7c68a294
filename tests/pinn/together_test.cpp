#include "pinn/together.hpp"

#include <chrono>
#include <csignal>
#include <sstream>
#include <thread>

#include "tests/pinn/command_line.hpp"

namespace residua {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

/// Training in several processes of the program, over Gloo.
class TrainTogether : public CommandLine {
 protected:
  TrainTogether() {
    write("run.toml", head(40));
    write("long.toml", head(100000));
  }

  static std::string head(int steps) {
    return "physics = 'burgers'\nvalidation_cases = 1\ncheckpoint_every = 50\n[network]\nwidth = 8\ndepth = 2\n"
           "[terms.interior]\npoints = 300\n[[stage]]\noptimizer = 'adam'\nsteps = " +
           std::to_string(steps) +
           "\n[[stage]]\noptimizer = 'levenberg_marquardt'\nsteps = 10\nresample = 5\nmore_points = 1\n";
  }

  std::vector<double> weights(const std::string& run) const { return load(work(run + "/surrogate.h5")).weights; }
  double difference(const std::string& one, const std::string& other) const {
    const auto a = weights(one), b = weights(other);
    double sum = 0, size = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
      sum += (a[i] - b[i]) * (a[i] - b[i]);
      size += b[i] * b[i];
    }
    return std::sqrt(sum / size);
  }

  template <class Condition>
  static bool wait_until(Condition&& condition) {
    for (int i = 0; i < 6000; ++i, std::this_thread::sleep_for(std::chrono::milliseconds(10)))
      if (condition()) return true;
    return false;
  }
  static int end_of(pid_t child) {
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
};

TEST_F(TrainTogether, EndsWhereOneProcessEnds) {
  ASSERT_EQ(residua("train run.toml -q -o alone").code, 0);
  for (const std::string count : {"2", "4"}) {
    const Outcome outcome = residua("train run.toml -q -o together" + count + " --processes " + count);
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_LT(difference("together" + count, "alone"), 1e-3);
    EXPECT_EQ(outcome.out.find("saved "), outcome.out.rfind("saved "));  // one of them speaks
  }
}

TEST_F(TrainTogether, IsStartedByTheVariablesOfTorchrunToo) {
  const std::string common = "cd '" + (here_ / "work").string() +
                             "' && WORLD_SIZE=2 MASTER_ADDR=127.0.0.1 MASTER_PORT=29617 ",
                    train = " '" RESIDUA_PROGRAM "' train run.toml -q -o run >/dev/null";
  ASSERT_EQ(std::system((common + "RANK=1" + train + " & " + common + "RANK=0" + train + " && wait $!").c_str()), 0);
  EXPECT_TRUE(fs::exists(work("run/surrogate.h5")));
}

TEST_F(TrainTogether, EndsWithOneLineAndAGoodCheckpointWhenAProcessIsKilled) {
  const pid_t parent = start({"train", "long.toml", "-q", "-o", "run", "--processes", "2"});
  ASSERT_TRUE(wait_until([&] { return fs::exists(work("run/checkpoint.pt")); }));
  const auto ranks = children(parent);
  ASSERT_EQ(ranks.size(), 2u);
  kill(ranks[1], SIGKILL);
  EXPECT_NE(end_of(parent), 0);
  EXPECT_THAT(said(), AllOf(HasSubstr("process 1 of 2 ended with 137"), HasSubstr("another process is lost")));
  EXPECT_EQ(residua("train long.toml -q -o run --resume --stop-after 2000").code, 0) << said();  // by one process
}

TEST_F(TrainTogether, StopsInAllProcessesOnOneSignal) {
  const pid_t parent = start({"train", "long.toml", "-q", "-o", "run", "--processes", "2"});
  ASSERT_TRUE(wait_until([&] { return fs::exists(work("run/checkpoint.pt")); }));
  kill(parent, SIGINT);
  EXPECT_EQ(end_of(parent), 128 + SIGINT);
  EXPECT_THAT(said(), HasSubstr("checkpoint saved"));
}

TEST(RunTogether, SaysTheLastWordsOfTheOneThatFailed) {
  testing::internal::CaptureStderr();
  const int status = run_together(
      {"/bin/sh", "-c", "[ $RANK = 0 ] || { echo at work; echo no memory is left >&2; exit 3; }; sleep 0.2"}, 2);
  EXPECT_EQ(status, 3);
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              HasSubstr("process 1 of 2 ended with 3, after no memory is left: the others stop"));
}

TEST(RunTogether, GivesTheFirstAloneTheSocketOfThePort) {
  const char* check = R"(
    socket=$(readlink /proc/self/fd/${RESIDUA_MEETING_SOCKET:-none})
    case "$RANK $socket" in '0 socket:'*|'1 ') ;; *) exit 4 ;; esac
    [ $RANK = 0 ] || ! ls -l /proc/self/fd | grep -q socket:)";
  EXPECT_EQ(run_together({"/bin/sh", "-c", check}, 2), 0);
}

TEST_F(TrainTogether, RefusesPlacesThatMakeNoSense) {
  expect_refused("train run.toml", {"RANK is set", "WORLD_SIZE is not"}, "RANK=0");
  expect_refused("train run.toml", {"RANK", "from 0 to 1", "'2'"}, "RANK=2 WORLD_SIZE=2 MASTER_ADDR=127.0.0.1");
}

}  // namespace
}  // namespace residua
