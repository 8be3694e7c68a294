#include <gmock/gmock.h>

#include <cmath>

#include "pinn/export.hpp"
#include "pinn/trainer.hpp"
#include "tests/surrogates/temporary_folder.hpp"

namespace residua {
namespace {

RunFile run_of(int seed, int members, const std::string& more = "") {
  return RunFile::parse("physics = 'heat_rod'\nseed = " + std::to_string(seed) +
                            "\n[network]\nwidth = 8\ndepth = 2\n[terms.interior]\npoints = 64\n"
                            "[[stage]]\noptimizer = 'adam'\nsteps = 60\nlearning_rate = 1e-2\n"
                            "[[stage]]\noptimizer = 'lbfgs'\nsteps = 20\n[surrogate]\nprecision = 'float64'\n"
                            "[ensemble]\nmembers = " +
                            std::to_string(members) + "\n" + more,
                        "run");
}
TrainResult trained(const RunFile& run, const std::filesystem::path& folder = {}, bool resume = false,
                    std::int64_t stop_after = -1) {
  return train(run, Problem(run), {folder, resume, Progress(Progress::Mode::quiet), stop_after});
}

TEST(Ensemble, HasMembersThatAreRunsOfTheirOwn) {
  const TrainResult all = trained(run_of(5, 3));
  EXPECT_EQ(all.steps, 3 * 80);
  std::vector<double> one_by_one;
  for (const int seed : {5, 6, 7}) {
    const TrainResult own = trained(run_of(seed, 1));
    one_by_one.insert(one_by_one.end(), own.weights.begin(), own.weights.end());
  }
  EXPECT_EQ(all.weights, one_by_one);
}

TEST(Ensemble, EndsInTheSameBitsAfterAStop) {
  const RunFile run = run_of(5, 2, "[march]\nwindows = 2\npoints = 16\n");
  const TrainResult whole = trained(run);
  for (const int stop : {70, 80, 90, 160, 170, 310}) {
    SCOPED_TRACE(stop);
    const TemporaryFolder folder;
    trained(run, folder.path(), false, stop);
    EXPECT_EQ(trained(run, folder.path(), true).weights, whole.weights);
  }
}

TEST(Ensemble, ShowsASpreadAboutAsLargeAsItsError) {
  const RunFile run = run_of(1, 5);
  const Problem problem(run);
  const TemporaryFolder folder;
  const Surrogate surrogate = export_surrogate(run, problem, trained(run), folder / "rod.h5");
  double spreads = 0, errors = 0;
  for (const double t : {0.2, 0.5, 0.9})
    for (const double x : {0.15, 0.4, 0.65})
      for (const double a : {0.06, 0.12, 0.19}) {
        std::vector<double> out(1), spread(1);
        ASSERT_EQ(surrogate.predict_with_spread(std::vector<double>{t, x, a}, out, spread), Status::ok);
        spreads += spread[0] * spread[0];
        const double exact = std::exp(-a * M_PI * M_PI * t) * std::sin(M_PI * x);
        errors += (out[0] - exact) * (out[0] - exact);
      }
  EXPECT_GT(std::sqrt(spreads), 0.3 * std::sqrt(errors));
  EXPECT_LT(std::sqrt(spreads), 30 * std::sqrt(errors));
}

}  // namespace
}  // namespace residua
