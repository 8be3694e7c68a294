// What an answer is worth: near and outside, likeness to what the plant has done, what is left of the equations.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "kernels/core/error.hpp"
#include "tests/surrogates/count_allocations.hpp"
#include "tests/surrogates/random_model.hpp"
#include "tests/surrogates/saved.hpp"

namespace residua {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

TEST(Guard, CallsAHundredthOfARangeNear) {
  const Model model = random_model("heat_rod");
  const Surrogate surrogate = loaded(model);
  std::vector<double> in = point_of(model, 0), out(1);
  const Variable& v = surrogate.inputs()[1];
  const auto status_at = [&](double beyond) {
    std::uint64_t outside = 0;
    in[1] = beyond < 0 ? v.lower + beyond * (v.upper - v.lower) : v.upper + beyond * (v.upper - v.lower);
    const Status status = surrogate.predict(in, out, &outside);
    EXPECT_EQ(outside, beyond == 0 ? 0u : 2u);
    return status;
  };
  EXPECT_EQ(status_at(0), Status::ok);
  for (const double beyond : {0.001, -0.001, 0.0099, -0.0099}) EXPECT_EQ(status_at(beyond), Status::near) << beyond;
  for (const double beyond : {0.0101, -0.0101, 5.0}) EXPECT_EQ(status_at(beyond), Status::outside) << beyond;
  EXPECT_LT(Status::near, Status::outside);
}

/// Two inputs that rise together; the third is free.
Model experienced_model() {
  Model model = random_model("leach_column");
  const std::vector<double> middle = point_of(model, 0);
  const auto& inputs = model.card.inputs;
  const double a = (inputs[2].upper - inputs[2].lower) / 10, b = (inputs[3].upper - inputs[3].lower) / 10;
  model.card.experience = {"a test",
                           100,
                           {inputs[3].name, inputs[2].name},
                           {middle[3], middle[2]},
                           {b * b, 0.95 * a * b, 0.95 * a * b, a * a},
                           2};
  return model;
}

TEST(Guard, MeasuresMahalanobisDistanceFromExperience) {
  const Model model = experienced_model();
  const Surrogate surrogate = loaded(model);
  const double a = std::sqrt(model.card.experience.covariance[3]), b = std::sqrt(model.card.experience.covariance[0]);
  const auto at = [&](double x, double y) {
    std::vector<double> in = point_of(model, 0);
    in[2] += x * a;
    in[3] += y * b;
    in[0] = model.card.inputs[0].lower;  // not part of the experience
    return surrogate.unfamiliarity(in);
  };
  const auto expected = [](double x, double y) {
    return std::sqrt((x * x - 2 * 0.95 * x * y + y * y) / (1 - 0.95 * 0.95)) / 2;
  };
  EXPECT_NEAR(at(0, 0), 0, 1e-9);
  EXPECT_NEAR(at(1, 1), expected(1, 1), 1e-9);
  EXPECT_NEAR(at(1.5, -1.5), expected(1.5, -1.5), 1e-9);
  EXPECT_LT(at(2, 2), 1.1);  // as usual
  EXPECT_GT(at(2, -2), 5);   // each is as usual, but never together
  EXPECT_TRUE(std::isnan(at(kNan, 0)));
  EXPECT_TRUE(std::isnan(surrogate.unfamiliarity(std::vector<double>(1))));
  EXPECT_TRUE(std::isnan(loaded(random_model("heat_rod")).unfamiliarity(point_of(random_model("heat_rod"), 0))));
}

TEST(Guard, RefusesAnExperienceThatIsNone) {
  const auto refused = [](auto change) {
    Model model = experienced_model();
    change(model.card.experience);
    EXPECT_THROW(saved(model), Error);
  };
  refused([](Experience& e) { e.covariance[1] = e.covariance[2] = 2 * std::sqrt(e.covariance[0] * e.covariance[3]); });
  refused([](Experience& e) { e.covariance[1] = 0; });
  refused([](Experience& e) { e.mean.pop_back(); });
  refused([](Experience& e) { e.inputs[0] = "no such input"; });
  refused([](Experience& e) { e.inputs[0] = e.inputs[1]; });
  refused([](Experience& e) { e.usual = 0; });
  refused([](Experience& e) { e.mean[0] = kNan; });
}

TEST(Guard, LeavesOfTheHeatEquationWhatItsAnswerDoesNotSolve) {
  // A network that always says c answers sin(pi x) + t x (1 - x) c.
  Model model = new_model("heat_rod", std::vector<std::string>{"diffusivity"}, 3, 2);
  const double c = 0.7, t = 0.6, x = 0.3, a = 0.12, pi = std::acos(-1);
  model.precision = Precision::float64;
  model.weights.back() = c;
  std::vector<double> left(1);
  EXPECT_EQ(loaded(model).residual(std::vector<double>{t, x, a}, left), Status::ok);
  EXPECT_NEAR(left[0], x * (1 - x) * c + a * (pi * pi * std::sin(pi * x) + 2 * t * c), 1e-14);
}

TEST(Guard, FindsWhatIsLeftOfTheEquationsOfAnyPhysics) {
  for (const PhysicsInfo& physics : catalog()) {
    for (const Precision precision : {Precision::float32, Precision::float64}) {
      const Model model = random_model(physics.name, {.precision = precision});
      const Surrogate surrogate = loaded(model);
      ASSERT_EQ(int(surrogate.equations()), physics.terms[0].equations);
      std::vector<double> left(surrogate.equations());
      EXPECT_EQ(surrogate.residual(point_of(model, 0.3), left), Status::ok) << physics.name;
      EXPECT_EQ(surrogate.residual(std::vector<double>(model.card.inputs.size(), kNan), left), Status::not_finite);
      left.push_back(0);
      EXPECT_EQ(surrogate.residual(point_of(model, 0.3), left), Status::wrong_size);
    }
  }
}

TEST(Guard, AllocatesNothing) {
  if (!kCountsAllocations) GTEST_SKIP() << "allocations are not counted under sanitizers";
  const Model model = experienced_model();
  const Surrogate surrogate = loaded(model);
  const std::vector<double> in = point_of(model, 0.2);
  std::vector<double> left(surrogate.equations());
  const std::size_t before = allocations();
  (void)surrogate.unfamiliarity(in);
  (void)surrogate.residual(in, left);
  EXPECT_EQ(allocations(), before);
}

}  // namespace
}  // namespace residua
