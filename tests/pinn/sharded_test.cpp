// Training whose points are shared by several processes, here threads of one, against training alone.
#include <gtest/gtest.h>

#include <cmath>
#include <memory>

#include "pinn/trainer.hpp"
#include "tests/pinn/team.hpp"
#include "tests/pinn/thrown.hpp"

namespace residua {
namespace {

TrainResult train_alone(const std::string& text) {
  const RunFile run = RunFile::parse(text, "run");
  TrainOptions options;
  options.progress = Progress(Progress::Mode::quiet);
  return train(run, Problem(run), options);
}

std::vector<TrainResult> train_together(const std::string& text, int size) {
  return in_team(size, [&](Processes& processes) {
    const RunFile run = RunFile::parse(text, "run");
    TrainOptions options;
    options.progress = Progress(Progress::Mode::quiet);
    options.processes = &processes;
    return train(run, Problem(run), options);
  });
}

double difference(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0, size = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    sum += (a[i] - b.at(i)) * (a[i] - b.at(i));
    size += b[i] * b[i];
  }
  return std::sqrt(sum / size);
}

struct Case {
  std::string name, text;
  double tolerance;
};
void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

const std::string kColumn =
    "physics = 'leach_column'\n[network]\nwidth = 7\ndepth = 2\n[terms.interior]\npoints = 101\n"
    "[terms.inlet]\npoints = 13\nweight = 3\n";
const std::string kWarmUp = "[[stage]]\noptimizer = 'adam'\nsteps = 20\n";

std::string finish(const std::string& optimizer, const std::string& settings = "") {
  return kColumn + kWarmUp + "[[stage]]\noptimizer = '" + optimizer + "'\nsteps = 8\nresample = 4\nadaptive = 1\n" +
         settings;
}

class Together : public ::testing::TestWithParam<Case> {};

TEST_P(Together, EndsWhereOneProcessEndsButForRounding) {
  const TrainResult alone = train_alone(GetParam().text);
  for (const int size : {2, 4}) {
    const auto together = train_together(GetParam().text, size);
    EXPECT_LT(difference(together[0].weights, alone.weights), GetParam().tolerance) << size << " processes";
    EXPECT_NEAR(together[0].loss, alone.loss, 10 * GetParam().tolerance * alone.loss);
    for (const TrainResult& other : together) {
      EXPECT_EQ(other.weights, together[0].weights);  // to the bit: they have to stay together
      EXPECT_EQ(other.loss, together[0].loss);
      EXPECT_EQ(other.steps, alone.steps);
    }
  }
}

// Adam works in float32, whose rounding the later stages start from. SOAP's first steps are as long in directions that
// have seen nothing but rounding as in any other.
INSTANTIATE_TEST_SUITE_P(
    , Together,
    ::testing::Values(
        Case{"Adam", kColumn + kWarmUp, 1e-4}, Case{"Soap", finish("soap"), 3e-2}, Case{"Muon", finish("muon"), 1e-3},
        Case{"Lbfgs", finish("lbfgs"), 1e-3}, Case{"Ssbroyden", finish("ssbroyden"), 1e-3},
        Case{"LevenbergMarquardt", finish("levenberg_marquardt"), 1e-3},
        Case{"MatrixFree", finish("levenberg_marquardt", "solver = 'matrix_free'\n"), 1e-3},
        Case{"Balanced", finish("adam", "[weighting]\nmethod = 'ntk'\nevery = 5\n"), 1e-3},
        Case{"Causal", finish("adam", "[causal]\nchunks = 4\nevery = 5\n"), 1e-3},
        Case{"Retained", finish("adam", "retain = true\n"), 1e-3},
        Case{"Windows", finish("levenberg_marquardt", "[march]\nwindows = 2\npoints = 31\n"), 1e-3},
        Case{"Branch", finish("levenberg_marquardt") + "[network.branch]\nwidth = 5\ndepth = 2\ncases = 9\n", 1e-3}),
    [](const auto& test) { return test.param.name; });

TEST(Sharded, EndsWhenTheWeightsAreNotTheSame) {
  const std::vector<std::string> said = in_team(2, [](Processes& processes) {
    const RunFile run = RunFile::parse("physics = 'burgers'\nseed = " + std::to_string(processes.rank()) +
                                           "\n[[stage]]\noptimizer = 'adam'\nsteps = 5\n",
                                       "run");
    TrainOptions options;
    options.progress = Progress(Progress::Mode::quiet);
    options.processes = &processes;
    return thrown_by([&] { train(run, Problem(run), options); });
  });
  EXPECT_NE(said[0].find("process 0 of 2"), std::string::npos) << said[0];
  EXPECT_NE(said[1].find("weights are not the same"), std::string::npos) << said[1];
}

/// More processes than points: some of them have nothing to do.
TEST(Sharded, WorksWithFewerPointsThanProcesses) {
  const std::string text =
      "physics = 'heat_rod'\n[network]\nwidth = 4\ndepth = 1\n[terms.interior]\npoints = 3\n"
      "[[stage]]\noptimizer = 'adam'\nsteps = 3\n[[stage]]\noptimizer = 'levenberg_marquardt'\nsteps = 2\n";
  EXPECT_LT(difference(train_together(text, 5)[0].weights, train_alone(text).weights), 1e-3);
}

}  // namespace
}  // namespace residua
