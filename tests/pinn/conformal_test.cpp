#include "pinn/conformal.hpp"

#include <gtest/gtest.h>

#include <random>
#include <vector>

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

}  // namespace
}  // namespace residua
