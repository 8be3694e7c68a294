#include "pinn/conformal.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "pinn/export.hpp"
#include "tests/surrogates/random_model.hpp"
#include "tests/surrogates/saved.hpp"

namespace residua {
namespace {

TEST(ConformalBound, IsAnOrderStatisticOfTheFirstHalf) {
  std::vector<double> scores;
  for (int i = 1; i <= 19; ++i) scores.push_back((i * 7) % 20);  // 1 to 19, shuffled
  for (int i = 0; i < 19; ++i) scores.push_back(i < 12 ? 5 : 100);
  const auto found = conformal_bound(scores, 0.9);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->bound, 18);  // the 18th smallest of 19: ceil(20 * 0.9)
  EXPECT_DOUBLE_EQ(found->covered, 12. / 19);
}

TEST(ConformalBound, NeedsEnoughCases) {
  EXPECT_FALSE(conformal_bound({}, 0.9));
  EXPECT_FALSE(conformal_bound(std::vector<double>(17, 1.0), 0.9));
  EXPECT_TRUE(conformal_bound(std::vector<double>(18, 1.0), 0.9));
}

TEST(ConformalBound, HoldsForTheShareOfNewCasesThatItStates) {
  std::mt19937 random(3);
  std::lognormal_distribution<double> score(0, 2);  // nothing is assumed of the distribution
  double covered = 0;
  constexpr int kTrials = 400, kCases = 80;
  for (int trial = 0; trial < kTrials; ++trial) {
    std::vector<double> scores(kCases);
    for (double& s : scores) s = score(random);
    covered += conformal_bound(scores, 0.9)->covered / kTrials;
  }
  EXPECT_NEAR(covered, 37. / 41, 0.01);  // rank / (n + 1): at least 0.9, and hardly more
}

TEST(ConformalBound, CountsWhatIsWithinIt) {
  EXPECT_EQ(count_within(std::vector{1., 2., 3., std::nan("")}, 2), 2u);
  EXPECT_EQ(count_within({}, 2), 0u);
}

TEST(ConformalBound, OfASurrogateIsKeptToByCasesThatItKnowsNothingOf) {
  // Four design inputs, an exact solution, and a network of random weights: errors of all sizes.
  const RunFile run = RunFile::parse("physics = 'wall_conduction'\n", "wall");
  const Problem problem(run);
  const Surrogate surrogate = loaded(random_model("wall_conduction"));
  const Predictor predict = predictor_of(surrogate, problem);
  constexpr int kTrials = 20, kCases = 80;
  double stated_by_its_own = 0, kept = 0;
  for (std::uint64_t trial = 1; trial <= kTrials; ++trial) {
    const Validation card = judge(problem, predict, kCases, trial).validation;
    ASSERT_EQ(card.coverage, 0.9);
    const auto fresh = judge(problem, predict, kCases, 1000 + trial).largest;
    ASSERT_EQ(fresh[0].size(), std::size_t(kCases));
    stated_by_its_own += card.outputs[0].covered / kTrials;
    kept += double(count_within(fresh[0], card.outputs[0].bound)) / kCases / kTrials;
  }
  EXPECT_NEAR(kept, 37. / 41, 0.04);  // 2 to 3 standard deviations of the mean, were the cases independent
  EXPECT_NEAR(stated_by_its_own, kept, 0.05);
}

}  // namespace
}  // namespace residua
