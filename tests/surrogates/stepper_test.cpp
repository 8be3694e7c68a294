#include "surrogates/stepper.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "tests/surrogates/count_allocations.hpp"
#include "tests/surrogates/random_model.hpp"
#include "tests/surrogates/saved.hpp"

namespace residua {
namespace {

/// States near the middle of the envelope and two controls that differ from step to step.
const std::vector<double> kStart = {800, 450};
std::vector<double> controls_for(std::size_t steps) {
  std::vector<double> controls;
  for (std::size_t k = 0; k < steps; ++k) {
    controls.push_back(1200 + 20 * std::sin(double(k)));
    controls.push_back(30 + 3 * std::cos(double(k)));
  }
  return controls;
}

TEST(Stepper, KnowsStatesAndControls) {
  const Surrogate surrogate = loaded(random_model("kiln_wall_step"));
  const Stepper stepper(surrogate);
  ASSERT_EQ(stepper.states().size(), 2U);
  EXPECT_EQ(stepper.states()[0].name, "brick");
  ASSERT_EQ(stepper.controls().size(), 2U);
  EXPECT_EQ(stepper.controls()[0].name, "gas_temperature");
  EXPECT_EQ(stepper.controls()[1].name, "film_coefficient");
  EXPECT_EQ(stepper.time().name, "time");
}

TEST(Stepper, StartsFromTheStates) {
  const Surrogate surrogate = loaded(random_model("kiln_wall_step"));
  std::array<double, 2> next;
  EXPECT_EQ(Stepper(surrogate).step(0, kStart, controls_for(1), next), Status::ok);
  EXPECT_NEAR(next[0], kStart[0], 1e-10);
  EXPECT_NEAR(next[1], kStart[1], 1e-10);
}

TEST(Stepper, RollsOutOneStepAfterTheOther) {
  const Surrogate surrogate = loaded(random_model("kiln_wall_step"));
  const Stepper stepper(surrogate);
  const std::vector<double> controls = controls_for(5);
  std::vector<double> states(10), state = kStart, next(2);
  EXPECT_EQ(stepper.rollout(20, kStart, controls, states), Status::ok);
  for (std::size_t k = 0; k < 5; ++k) {
    // The inputs by name: time, gas temperature, film coefficient, brick and shell now.
    const std::vector<double> in = {20, controls[2 * k], controls[2 * k + 1], state[0], state[1]};
    ASSERT_EQ(surrogate.predict(in, next), Status::ok);
    EXPECT_EQ(states[2 * k], next[0]);
    EXPECT_EQ(states[2 * k + 1], next[1]);
    state = next;
  }
}

TEST(Stepper, PullsTheGradientOfARolloutBackExactly) {
  const Surrogate surrogate = loaded(random_model("kiln_wall_step"));
  const Stepper stepper(surrogate);
  constexpr std::size_t kSteps = 6;
  const auto cost = [&](const std::vector<double>& start, const std::vector<double>& controls) {
    std::vector<double> states(2 * kSteps);
    EXPECT_EQ(stepper.rollout(30, start, controls, states), Status::ok);
    double sum = 0;
    for (std::size_t k = 0; k < kSteps; ++k) sum += double(k + 1) * states[2 * k] - 0.5 * states[2 * k + 1];
    return sum;
  };
  std::vector<double> controls = controls_for(kSteps), start = kStart, states(2 * kSteps), bars(2 * kSteps),
                      by_state(4 * kSteps), by_control(4 * kSteps), of_controls(2 * kSteps), of_start(2);
  ASSERT_EQ(stepper.rollout(30, start, controls, states, by_state, by_control), Status::ok);
  for (std::size_t k = 0; k < kSteps; ++k) {
    bars[2 * k] = double(k + 1);
    bars[2 * k + 1] = -0.5;
  }
  ASSERT_EQ(stepper.pull_back(by_state, by_control, bars, of_controls, of_start), Status::ok);
  const auto expect_slope = [&](double& input, double found) {
    const double h = 1e-3, at = input;
    input = at + h;
    const double up = cost(start, controls);
    input = at - h;
    const double down = cost(start, controls);
    input = at;
    EXPECT_NEAR(found, (up - down) / (2 * h), 1e-5 * (1 + std::abs(found)));
  };
  for (std::size_t i = 0; i < controls.size(); ++i) expect_slope(controls[i], of_controls[i]);
  for (std::size_t i = 0; i < start.size(); ++i) expect_slope(start[i], of_start[i]);
}

TEST(Stepper, TellsWhenARolloutLeavesTheEnvelopeOrTheNumbers) {
  const Surrogate surrogate = loaded(random_model("kiln_wall_step"));
  const Stepper stepper(surrogate);
  std::vector<double> states(6), controls = controls_for(3);
  controls[2] = 2000;  // kelvin, in the second step
  EXPECT_EQ(stepper.rollout(20, kStart, controls, states), Status::outside);
  controls[2] = std::nan("");
  EXPECT_EQ(stepper.rollout(20, kStart, controls, states), Status::not_finite);
  EXPECT_TRUE(std::isfinite(states[0]));
  for (std::size_t i = 2; i < 6; ++i) EXPECT_TRUE(std::isnan(states[i]));
  EXPECT_EQ(stepper.rollout(20, kStart, std::span(controls).first(5), states), Status::wrong_size);
}

TEST(Stepper, DoesNotAllocate) {
  if (!kCountsAllocations) GTEST_SKIP() << "a sanitizer owns malloc";
  const Surrogate surrogate = loaded(random_model("kiln_wall_step"));
  const Stepper stepper(surrogate);
  const std::vector<double> controls = controls_for(4);
  std::vector<double> states(8), by_state(16), by_control(16), of_controls(8), of_start(2);
  const std::size_t before = allocations();
  (void)stepper.rollout(20, kStart, controls, states, by_state, by_control);
  (void)stepper.pull_back(by_state, by_control, states, of_controls, of_start);
  EXPECT_EQ(allocations(), before);
}

TEST(Stepper, RefusesSurrogatesThatTakeNoSteps) {
  const auto message = [](const Surrogate& surrogate) {
    try {
      Stepper{surrogate};
    } catch (const Error& e) {
      return std::string(e.what());
    }
    return std::string();
  };
  EXPECT_THAT(message(loaded(random_model("heat_rod"))), testing::HasSubstr("heat_rod takes no steps"));
  const Model fixed = new_model("kiln_wall_step", std::array<std::string, 1>{"brick_now"}, 4, 1);
  EXPECT_THAT(message(loaded(fixed)), testing::HasSubstr("'shell_now' fixed"));
}

}  // namespace
}  // namespace residua
