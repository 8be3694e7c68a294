// What the parts of training are for: each is set a problem on which it must win.
#include <gmock/gmock.h>

#include <cmath>
#include <functional>

#include "pinn/export.hpp"
#include "pinn/trainer.hpp"
#include "tests/surrogates/temporary_folder.hpp"

namespace residua {
namespace {

/// Relative L2 error against the reference of the physics.
double reference_error(const std::string& text) {
  const RunFile run = RunFile::parse(text + "[surrogate]\nprecision = 'float64'\n", "run");
  const Problem problem(run);
  const TemporaryFolder folder;
  const TrainResult result = train(run, problem, {{}, false, Progress(Progress::Mode::quiet)});
  return export_surrogate(run, problem, result, folder / "surrogate.h5").card().validation.outputs[0].default_case;
}

/// Geometric mean over seeds, since one of them may be lucky.
double over_seeds(int seeds, const std::function<std::string(int)>& text) {
  double logarithms = 0;
  for (int seed = 1; seed <= seeds; ++seed) logarithms += std::log(reference_error(text(seed)));
  return std::exp(logarithms / seeds);
}

std::string adam(int steps) {
  return "[[stage]]\noptimizer = 'adam'\nsteps = " + std::to_string(steps) + "\nlearning_rate = 5e-3\n";
}
std::string levenberg_marquardt(int steps, const std::string& points) {
  return "[[stage]]\noptimizer = 'levenberg_marquardt'\nsteps = " + std::to_string(steps) +
         "\nresample = 10\nmore_points = 2\n" + points;
}

/// A wave that steepens into a front of a hundredth of the length.
std::string steep_wave(int seed, const std::string& stages) {
  return "physics = 'burgers'\nseed = " + std::to_string(seed) +
         "\n[network]\nwidth = 12\ndepth = 3\n[envelope]\nviscosity = 0.003183098861837907\n"
         "[terms.interior]\npoints = 400\n" +
         stages;
}

TEST(WarmUp, BringsLevenbergMarquardtWhereRandomWeightsDoNot) {
  const std::string finish = levenberg_marquardt(80, "adaptive = 1\n");
  const double warm = over_seeds(2, [&](int seed) { return steep_wave(seed, adam(300) + finish); }),
               cold = over_seeds(2, [&](int seed) { return steep_wave(seed, finish); });
  EXPECT_LT(3 * warm, cold);
}

TEST(AdaptivePoints, FindAFrontBetweenEvenlySpreadOnes) {
  const auto error = [](const std::string& points) {
    return over_seeds(2, [&](int seed) { return steep_wave(seed, adam(300) + levenberg_marquardt(80, points)); });
  };
  EXPECT_LT(5 * error("adaptive = 1\n"), error("adaptive = 0\n"));
}

TEST(GradedTimes, SeeTheFirstMinutesOfAWall) {
  const auto error = [](const std::string& grading) {
    return over_seeds(2, [&](int seed) {
      return "physics = 'kiln_wall'\nseed = " + std::to_string(seed) +
             "\n[network]\nwidth = 12\ndepth = 3\n[envelope]\ngas_temperature = 1300\nfilm_coefficient = 30\n"
             "thickness = 0.2\nconductivity = 1.2\ninitial_temperature = 400\n[terms]\ninterior = {points = 300" +
             grading + "}\nhot_face = {points = 60" + grading + "}\nshell = {points = 60" + grading + "}\n" +
             adam(300) + levenberg_marquardt(60, "adaptive = 1\n");
    });
  };
  EXPECT_LT(5 * error(", grading = 2"), error(", grading = 1"));
}

TEST(Windows, HoldSolitonsThatOneNetworkOfTheirSizeDoesNot) {
  const auto error = [](const std::string& march, int parts) {
    return over_seeds(2, [&](int seed) {
      return "physics = 'kdv_periodic'\nseed = " + std::to_string(seed) +
             "\n[network]\nwidth = 12\ndepth = 3\n[envelope]\ndispersion = 0.000484\n[terms.interior]\npoints = 400\n" +
             march + adam(300 / parts) + levenberg_marquardt(120 / parts, "adaptive = 1\n");
    });
  };
  EXPECT_LT(3 * error("[march]\nwindows = 3\npoints = 100\nweight = 1000\n", 3), error("", 1));
}

TEST(CausalWeights, FollowTheFrontsOfAllenAndCahnFromTheirStart) {
  const auto error = [](const std::string& causal) {
    return reference_error(
        "physics = 'allen_cahn'\n[network]\nwidth = 16\ndepth = 3\n[envelope]\ndiffusivity = 1e-3\nrate = 5\n"
        "[terms.interior]\npoints = 400\n" +
        causal +
        "[[stage]]\noptimizer = 'adam'\nsteps = 300\nlearning_rate = 5e-3\n"
        "[[stage]]\noptimizer = 'levenberg_marquardt'\nsteps = 60\nresample = 5\nmore_points = 2\nadaptive = 0\n");
  };
  EXPECT_LT(4 * error("[causal]\ntolerance = 0.3\nevery = 5\n"), error(""));
}

TEST(RetainedPoints, FollowAFrontThatFreshOnesSeldomMeet) {
  const auto error = [](const std::string& points) {
    return over_seeds(4, [&](int seed) {
      return "physics = 'ogata_banks'\nseed = " + std::to_string(seed) +
             "\n[network]\nwidth = 20\ndepth = 3\n[envelope]\npeclet = 1000\n[terms.interior]\npoints = 100\n" +
             adam(3000) + "final_learning_rate = 5e-5\n" + points;
    });
  };
  EXPECT_LT(3 * error("retain = true\n"), error(""));
}

TEST(Curriculum, FindsTheFrontsThatADirectStartMistakes) {
  const auto error = [](const std::vector<std::string>& rates) {
    std::string text =
        "physics = 'allen_cahn'\n[network]\nwidth = 16\ndepth = 3\n[envelope]\ndiffusivity = 1e-3\nrate = 10\n"
        "[terms.interior]\npoints = 400\n[[stage]]\noptimizer = 'adam'\nsteps = 300\nlearning_rate = 5e-3\n";
    for (const std::string& rate : rates) {
      text += "[[stage]]\noptimizer = 'levenberg_marquardt'\nsteps = 20\nmore_points = 2\nadaptive = 1\n";
      if (!rate.empty()) text += "envelope = {rate = " + rate + "}\n";
    }
    return reference_error(text);
  };
  EXPECT_LT(3 * error({"3", "6", ""}), error({"", "", ""}));
}

}  // namespace
}  // namespace residua
