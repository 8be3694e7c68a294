#include "pinn/agreement.hpp"

#include <gmock/gmock.h>

#include <utility>

#include "tests/pinn/team.hpp"
#include "tests/pinn/thrown.hpp"

namespace residua {
namespace {

using ::testing::AllOf, ::testing::Each, ::testing::HasSubstr;

const std::vector<double> kWeights{0.5, -1, 3};

TEST(Agreement, StopsAllAfterTheSameStepWhenOneIsInterrupted) {
  const auto stops = in_team(3, [](Processes& processes) {
    Agreement agreement(processes);
    agreement.begin_stage(5);
    std::int64_t step = 5;
    // A step takes a hundredth of a second; each clock has begun at another time.
    while (step < 1000 &&
           !agreement.stopped(step, processes.rank() == 1 && step >= 200, 0.01 * step + processes.rank(), kWeights))
      ++step;
    return step;
  });
  EXPECT_THAT(stops, Each(stops[0]));
  EXPECT_GE(stops[0], 200);
  EXPECT_LE(stops[0], 226);  // a quarter of a second later
}

/// Counts its questions, and is alone.
class Counting : public Processes {
 public:
  int rank() const override { return 0; }
  int size() const override { return 1; }
  void sum(std::span<double>) override { ++questions; }
  int questions = 0;
};

TEST(Agreement, AsksFourTimesASecondAndAtTheStartOfAStage) {
  Counting processes;
  Agreement agreement(processes);
  agreement.begin_stage(0);
  for (std::int64_t step = 0; step <= 1000; ++step) EXPECT_FALSE(agreement.stopped(step, false, 0.01 * step, kWeights));
  EXPECT_NEAR(processes.questions, 40, 5);
  const int before = processes.questions;
  agreement.begin_stage(1001);
  EXPECT_FALSE(agreement.stopped(1001, false, 10.01, kWeights));
  EXPECT_EQ(processes.questions, before + 1);
}

TEST(Agreement, RefusesWeightsThatAreNotTheSame) {
  const auto said = in_team(2, [](Processes& processes) {
    Agreement agreement(processes);
    const std::vector<double> other{0.5, -1, 3 + 1e-15};
    return thrown_by([&] { agreement.stopped(7, false, 0, processes.rank() == 0 ? kWeights : other); });
  });
  EXPECT_THAT(said[0], AllOf(HasSubstr("process 0 of 2"), HasSubstr("after step 7"), HasSubstr("not the same")));
  EXPECT_THAT(said[1], HasSubstr("process 1 of 2"));
}

}  // namespace
}  // namespace residua
