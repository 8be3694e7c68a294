// Surrogates whose network is a branch and a trunk.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "kernels/core/special.hpp"
#include "tests/surrogates/random_model.hpp"
#include "tests/surrogates/saved.hpp"

namespace residua {
namespace {

using Values = std::vector<double>;
constexpr RandomModelOptions kBranched{.width = 9, .depth = 2, .branch_width = 7};

/// Calls f(model) for every physics that has a design input for a branch to see.
template <class F>
void for_each_branched(const RandomModelOptions& options, F&& f) {
  for (const PhysicsInfo& info : catalog()) {
    const auto varied = [](const Quantity& q) { return q.lower < q.upper; };
    if (std::any_of(info.params.begin(), info.params.end(), varied)) f(random_model(info.name, options));
  }
}

TEST(SurrogateWithBranch, MatchesAClosedForm) {
  // heat_rod: T = sin(pi x) + t x (1 - x) (b0 tanh(w0 t + w1 x + w2) + b1), b = V tanh(v a + u) + c.
  Model model = new_model("heat_rod", std::array<std::string, 1>{"diffusivity"}, 1, 1);
  add_branch(model, 1, 1);
  model.precision = Precision::float64;
  model.weights = {0.7, -0.4, 0.2, /*branch*/ 1.5, -0.3, /*V*/ 1.1, -0.8, /*c*/ 0.4, 0.6};
  const Surrogate surrogate = loaded(model);
  const double t = 0.6, x = 0.3, a = 0.12, s = std::tanh(1.5 * a - 0.3), ds = 1.5 * (1 - s * s);
  const double f = std::tanh(0.7 * t - 0.4 * x + 0.2), df = 1 - f * f, ramp = t * x * (1 - x);
  const double net = (1.1 * s + 0.4) * f - 0.8 * s + 0.6;
  Values out(1), jacobian(3);
  ASSERT_EQ(surrogate.jacobian(Values{t, x, a}, out, jacobian), Status::ok);
  EXPECT_NEAR(out[0], std::sin(kPi * x) + ramp * net, 1e-15);
  EXPECT_NEAR(jacobian[0], x * (1 - x) * net + ramp * (1.1 * s + 0.4) * df * 0.7, 1e-15);
  EXPECT_NEAR(jacobian[1], kPi * std::cos(kPi * x) + t * (1 - 2 * x) * net - ramp * (1.1 * s + 0.4) * df * 0.4, 1e-14);
  EXPECT_NEAR(jacobian[2], ramp * ds * (1.1 * f - 0.8), 1e-15);
}

TEST(SurrogateWithBranch, AnswersLikeTheSlowReferenceForEveryPhysics) {
  for (const Precision precision : {Precision::float64, Precision::float32}) {
    RandomModelOptions options = kBranched;
    options.precision = precision;
    for_each_branched(options, [&](const Model& model) {
      const Surrogate surrogate = loaded(model);
      const auto& outputs = find_physics(model.card.physics).outputs;
      constexpr std::size_t kPoints = 21;
      Values batch(model.card.inputs.size() * kPoints), answers(outputs.size() * kPoints), out(outputs.size());
      for (std::size_t p = 0; p < kPoints; ++p) {
        const Values in = point_of(model, -0.9 + 0.09 * double(p));
        for (std::size_t i = 0; i < in.size(); ++i) batch[i * kPoints + p] = in[i];
      }
      ASSERT_EQ(surrogate.predict(kPoints, batch, answers), Status::ok);
      for (std::size_t p = 0; p < kPoints; ++p) {
        Values in;
        for (std::size_t i = 0; i < model.card.inputs.size(); ++i) in.push_back(batch[i * kPoints + p]);
        const Values expected = reference_outputs(model, in);
        ASSERT_EQ(surrogate.predict(in, out), Status::ok);
        for (std::size_t e = 0; e < out.size(); ++e) {
          const double tolerance = (precision == Precision::float64 ? 1e-12 : 3e-5) * outputs[e].scale;
          EXPECT_NEAR(out[e], expected[e], tolerance) << model.card.physics;
          EXPECT_NEAR(answers[e * kPoints + p], expected[e], tolerance) << model.card.physics;
        }
      }
    });
  }
}

TEST(SurrogateWithBranch, DerivativesAgreeInEveryFormForEveryPhysics) {
  for_each_branched(kBranched, [](const Model& model) {
    const Surrogate surrogate = loaded(model);
    const auto& outputs = find_physics(model.card.physics).outputs;
    const Values in = point_of(model, 0.3);
    const std::size_t n = in.size(), m = outputs.size();
    Values out(m), jacobian(n * m), weights, direction, gradient(n), product(n);
    for (const Quantity& q : outputs) weights.push_back((weights.size() % 2 ? -0.7 : 1.3) / q.scale);
    for (const Variable& v : model.card.inputs)
      direction.push_back((v.upper - v.lower) * (direction.size() % 2 ? -0.4 : 0.6));
    ASSERT_EQ(surrogate.jacobian(in, out, jacobian), Status::ok);
    ASSERT_EQ(surrogate.hvp(in, weights, direction, out, gradient, product), Status::ok);
    constexpr double kStep = 1e-4;
    const auto gradient_at = [&](double step) {
      Values at = in, slopes(n);
      for (std::size_t i = 0; i < n; ++i) at[i] += step * direction[i];
      EXPECT_EQ(surrogate.vjp(at, weights, out, slopes), Status::ok);
      return slopes;
    };
    const Values up = gradient_at(kStep), down = gradient_at(-kStep), far_up = gradient_at(2 * kStep),
                 far_down = gradient_at(-2 * kStep);
    for (std::size_t i = 0; i < n; ++i) {
      const double range = model.card.inputs[i].upper - model.card.inputs[i].lower;
      double expected = 0;
      for (std::size_t e = 0; e < m; ++e) expected += weights[e] * jacobian[e * n + i];
      EXPECT_NEAR(gradient[i] * range, expected * range, 1e-10) << model.card.physics;
      const double slope = (8 * (up[i] - down[i]) - (far_up[i] - far_down[i])) / (12 * kStep);
      EXPECT_NEAR(product[i] * range, slope * range, 1e-6 * (1 + std::abs(slope * range))) << model.card.physics;
    }
    // The Jacobian itself, against the plain loops.
    for (std::size_t i = 0; i < n; ++i) {
      const double range = model.card.inputs[i].upper - model.card.inputs[i].lower, h = 1e-5 * range;
      Values high = in, low = in;
      high[i] += h;
      low[i] -= h;
      const Values above = reference_outputs(model, high), below = reference_outputs(model, low);
      for (std::size_t e = 0; e < m; ++e) {
        const double slope = (above[e] - below[e]) / (2 * h) * range / outputs[e].scale;
        EXPECT_NEAR(jacobian[e * n + i] * range / outputs[e].scale, slope, 1e-5 * (1 + std::abs(slope)))
            << model.card.physics << " by " << model.card.inputs[i].name;
      }
    }
  });
}

TEST(SurrogateWithBranch, ComesBackFromItsFile) {
  Model model = random_model("kiln_wall", kBranched);
  model.card.members = 2;
  const Values first = model.weights;
  model.weights.insert(model.weights.end(), first.rbegin(), first.rend());
  const TemporaryFolder folder;
  save(model, folder / "surrogate.h5");
  const Model back = load(folder / "surrogate.h5");
  EXPECT_EQ(back.card.format_version, 3);
  ASSERT_TRUE(back.branch);
  EXPECT_EQ(back.branch->width, 7);
  EXPECT_EQ(back.branch->inputs, 5);
  EXPECT_EQ(back.branch->outputs, 10);
  EXPECT_EQ(back.weights, model.weights);
}

TEST(SurrogateWithBranch, IsRefusedWhereItsSizesDoNotFit) {
  const auto refusal_of = [](const Model& model) {
    try {
      check(model, "model");
    } catch (const Error& e) {
      return std::string(e.what());
    }
    return std::string();
  };
  Model model = random_model("kiln_wall", kBranched);
  EXPECT_EQ(refusal_of(model), "");
  model.branch->outputs = 11;
  EXPECT_THAT(refusal_of(model), testing::HasSubstr("outputs of the branch: expected 10, found 11"));
  model = random_model("kiln_wall", kBranched);
  model.branch->inputs = 4;
  EXPECT_THAT(refusal_of(model), testing::HasSubstr("inputs of the network"));
  model = random_model("kiln_wall", kBranched);
  model.weights.pop_back();
  EXPECT_THAT(refusal_of(model), testing::HasSubstr("weights"));
  model = new_model("kiln_wall", std::array<std::string, 1>{"thickness"}, 512, 1);
  EXPECT_THROW(add_branch(model, 4, 1), Error);  // a last layer of 513
  model = new_model("heat_rod", {}, 4, 1);
  EXPECT_THROW(add_branch(model, 4, 1), Error);  // nothing for it to see
}

}  // namespace
}  // namespace residua
