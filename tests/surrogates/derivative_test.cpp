// Products with derivatives: in one pass back through the network.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <thread>

#include "kernels/core/special.hpp"
#include "surrogates/inference_module.hpp"
#include "tests/surrogates/random_model.hpp"
#include "tests/surrogates/saved.hpp"

namespace residua {
namespace {

using Values = std::vector<double>;
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

struct Answered {
  Values out, gradient, product;
};

Answered vjp_of(const Surrogate& surrogate, const Values& in, const Values& weights) {
  Answered a{Values(weights.size()), Values(in.size()), {}};
  EXPECT_EQ(surrogate.vjp(in, weights, a.out, a.gradient), Status::ok);
  return a;
}

Answered hvp_of(const Surrogate& surrogate, const Values& in, const Values& weights, const Values& direction) {
  Answered a{Values(weights.size()), Values(in.size()), Values(in.size())};
  EXPECT_EQ(surrogate.hvp(in, weights, direction, a.out, a.gradient, a.product), Status::ok);
  return a;
}

/// Weights that give every output about the same share.
Values weights_for(const PhysicsInfo& physics) {
  Values weights;
  for (const Quantity& q : physics.outputs) weights.push_back((weights.size() % 2 ? -0.7 : 1.3) / q.scale);
  return weights;
}

/// A direction with a share of every input's range.
Values direction_for(const Model& model) {
  Values direction;
  for (const Variable& v : model.card.inputs)
    direction.push_back((v.upper - v.lower) * (direction.size() % 2 ? -0.4 : 0.6));
  return direction;
}

/// The gradient against weights times the Jacobian, each derivative over the range of its input.
void expect_product_with_jacobian(const Model& model, const Surrogate& surrogate, const Values& in, double tolerance) {
  const Values weights = weights_for(find_physics(model.card.physics));
  Values out(weights.size()), jacobian(in.size() * out.size());
  ASSERT_EQ(surrogate.jacobian(in, out, jacobian), Status::ok);
  const Answered found = vjp_of(surrogate, in, weights);
  for (std::size_t e = 0; e < out.size(); ++e) EXPECT_NEAR(found.out[e] * weights[e], out[e] * weights[e], tolerance);
  for (std::size_t i = 0; i < in.size(); ++i) {
    const double range = model.card.inputs[i].upper - model.card.inputs[i].lower;
    double expected = 0;
    for (std::size_t e = 0; e < out.size(); ++e) expected += weights[e] * jacobian[e * in.size() + i];
    EXPECT_NEAR(found.gradient[i] * range, expected * range, tolerance)
        << model.card.physics << " by " << model.card.inputs[i].name;
  }
}

TEST(SurrogateDerivatives, MatchAClosedForm) {
  // heat_rod with one neuron: T = sin(pi x) + r n with r = t x (1 - x), n = v tanh(w . (t, x, a) + b) + c.
  Model model = new_model("heat_rod", std::array<std::string, 1>{"diffusivity"}, 1, 1);
  model.precision = Precision::float64;
  model.weights = {0.7, -0.4, 1.5, 0.2, 1.3, -0.6};
  const Surrogate surrogate = loaded(model);
  const double t = 0.6, x = 0.3, a = 0.12, w[3] = {0.7, -0.4, 1.5};
  const double f = std::tanh(0.7 * t - 0.4 * x + 1.5 * a + 0.2), df = 1 - f * f, ddf = -2 * f * df;
  const double n = 1.3 * f - 0.6, r = t * x * (1 - x), dr[3] = {x * (1 - x), t * (1 - 2 * x), 0};
  const double ddr[3][3] = {{0, 1 - 2 * x, 0}, {1 - 2 * x, -2 * t, 0}, {0, 0, 0}};
  double gradient[3], hessian[3][3];
  for (int i = 0; i < 3; ++i) {
    gradient[i] = dr[i] * n + r * 1.3 * df * w[i] + (i == 1 ? kPi * std::cos(kPi * x) : 0);
    for (int k = 0; k < 3; ++k)
      hessian[i][k] = ddr[i][k] * n + 1.3 * df * (dr[i] * w[k] + dr[k] * w[i]) + r * 1.3 * ddf * w[i] * w[k] +
                      (i == 1 && k == 1 ? -kPi * kPi * std::sin(kPi * x) : 0);
  }
  constexpr double kTolerance = 64 * std::numeric_limits<double>::epsilon();
  const Values direction = {0.3, -1.1, 0.8};
  const Answered found = hvp_of(surrogate, {t, x, a}, {-2}, direction);
  Values out(1), all(9);
  EXPECT_EQ(surrogate.hessian(Values{t, x, a}, out, all), Status::ok);
  EXPECT_NEAR(out[0], std::sin(kPi * x) + r * n, kTolerance);
  EXPECT_NEAR(found.out[0], out[0], kTolerance);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_NEAR(vjp_of(surrogate, {t, x, a}, {-2}).gradient[i], -2 * gradient[i], kTolerance);
    EXPECT_NEAR(found.gradient[i], -2 * gradient[i], kTolerance);
    double product = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      product += -2 * hessian[i][k] * direction[k];
      EXPECT_NEAR(all[i * 3 + k], hessian[i][k], kTolerance) << i << " " << k;
    }
    EXPECT_NEAR(found.product[i], product, kTolerance);
  }
}

TEST(SurrogateDerivatives, OfAVectorAreItsProductWithTheJacobian) {
  for (const PhysicsInfo& info : catalog())
    for (Activation activation : {Activation::tanh, Activation::sin, Activation::silu, Activation::gelu})
      for (int width : {1, 20}) {
        const Model model = random_model(info.name, {.width = width, .depth = 3, .activation = activation});
        expect_product_with_jacobian(model, loaded(model), point_of(model, 0.2), 1e-11);
      }
}

TEST(SurrogateDerivatives, HoldInSinglePrecisionWithinItsRounding) {
  for (const PhysicsInfo& info : catalog()) {
    const Model model = random_model(info.name, {.precision = Precision::float32, .width = 33, .depth = 3});
    expect_product_with_jacobian(model, loaded(model), point_of(model, 0.3), 2e-4);
  }
}

TEST(SurrogateDerivatives, OfLargeNetworksAreFoundInPieces) {
  const Model wide = random_model("leach_column", {.width = 512, .depth = 12});
  expect_product_with_jacobian(wide, loaded(wide), point_of(wide, 0.1), 1e-11);
  const Model deep = random_model("leach_column", {.precision = Precision::float32, .width = 300, .depth = 12});
  expect_product_with_jacobian(deep, loaded(deep), point_of(deep, 0.1), 2e-4);
}

TEST(SurrogateDerivatives, OfSecondOrderMatchDifferencesOfTheFirst) {
  for (const PhysicsInfo& info : catalog()) {
    const Model model = random_model(info.name, {.width = 20, .depth = 3});
    const Surrogate surrogate = loaded(model);
    const Values in = point_of(model, 0.2), weights = weights_for(info), direction = direction_for(model);
    const auto gradient_at = [&](double step) {
      Values moved = in;
      for (std::size_t i = 0; i < in.size(); ++i) moved[i] += step * direction[i];
      return vjp_of(surrogate, moved, weights).gradient;
    };
    const double h = 1e-4;
    const Values up = gradient_at(h), down = gradient_at(-h), far_up = gradient_at(2 * h),
                 far_down = gradient_at(-2 * h);
    const Answered found = hvp_of(surrogate, in, weights, direction);
    for (std::size_t i = 0; i < in.size(); ++i) {
      const double range = model.card.inputs[i].upper - model.card.inputs[i].lower;
      const double difference = (8 * (up[i] - down[i]) - (far_up[i] - far_down[i])) / (12 * h);
      EXPECT_NEAR(found.product[i] * range, difference * range, 2e-7 * (1 + std::abs(difference * range)))
          << info.name << " by " << model.card.inputs[i].name;
    }
  }
}

TEST(SurrogateDerivatives, OfSecondOrderAreSymmetric) {
  const Model model = random_model("leach_column", {.width = 30, .depth = 3});
  const Surrogate surrogate = loaded(model);
  const Values in = point_of(model, 0.3), direction = direction_for(model);
  const std::size_t n = in.size();
  Values out(3), hessian(3 * n * n);
  ASSERT_EQ(surrogate.hessian(in, out, hessian), Status::ok);
  for (std::size_t e = 0; e < 3; ++e) {
    Values weights(3);
    weights[e] = 1;
    const Values product = hvp_of(surrogate, in, weights, direction).product;
    for (std::size_t i = 0; i < n; ++i) {
      const auto range = [&](std::size_t k) { return model.card.inputs[k].upper - model.card.inputs[k].lower; };
      double sum = 0;
      for (std::size_t k = 0; k < n; ++k) {
        const double here = hessian[(e * n + i) * n + k], there = hessian[(e * n + k) * n + i];
        EXPECT_NEAR(here * range(i) * range(k), there * range(i) * range(k), 1e-11);
        sum += here * direction[k];
      }
      EXPECT_NEAR(product[i] * range(i), sum * range(i), 1e-11);
    }
  }
}

TEST(SurrogateDerivatives, AreThoseOfTheWindowAndTheMeanOfTheMembers) {
  Model model = random_model("leach_column", {.seed = 1});
  model.card.members = 2;
  model.seams = {3};
  for (unsigned seed = 2; seed <= 4; ++seed) {
    const Model other = random_model("leach_column", {.seed = seed});
    model.weights.insert(model.weights.end(), other.weights.begin(), other.weights.end());
  }
  for (Values* values : {&model.center, &model.scale}) {
    const Values first = *values;
    values->insert(values->end(), first.begin(), first.end());
  }
  const Surrogate surrogate = loaded(model);
  for (double time : {1.5, 4.5}) {
    Values in = point_of(model, 0.2);
    in[0] = time;
    expect_product_with_jacobian(model, surrogate, in, 1e-11);
  }
}

TEST(SurrogateDerivatives, SayWhenTheyAreNotToBeUsed) {
  const Surrogate surrogate = loaded(random_model("heat_rod"));
  Values in = {0.5, 0.5, 0.1}, out = {7}, weights = {1}, gradient(3), product(3), hessian(9), two = {7, 7};
  std::uint64_t outside = 0;
  EXPECT_EQ(surrogate.vjp(in, two, out, gradient), Status::wrong_size);
  EXPECT_EQ(surrogate.vjp(in, weights, out, two), Status::wrong_size);
  EXPECT_EQ(surrogate.hvp(in, weights, two, out, gradient, product), Status::wrong_size);
  EXPECT_EQ(surrogate.hvp(in, weights, in, out, gradient, two), Status::wrong_size);
  EXPECT_EQ(surrogate.hessian(in, out, gradient), Status::wrong_size);
  EXPECT_EQ(out[0], 7);
  EXPECT_EQ(two[0], 7);
  in[2] = 0.9;
  EXPECT_EQ(surrogate.vjp(in, weights, out, gradient, &outside), Status::outside);
  EXPECT_EQ(outside, 4u);
  EXPECT_EQ(surrogate.hvp(in, weights, in, out, gradient, product, &outside), Status::outside);
  EXPECT_EQ(surrogate.hessian(in, out, hessian, &outside), Status::outside);
  EXPECT_EQ(outside, 4u);
  weights[0] = kNan;
  EXPECT_EQ(surrogate.vjp(in, weights, out, gradient), Status::not_finite);
  in[1] = kNan;
  weights[0] = 1;
  EXPECT_EQ(surrogate.hvp(in, weights, Values{1, 1, 1}, out, gradient, product), Status::not_finite);
  EXPECT_TRUE(std::isnan(out[0]) && std::isnan(gradient[0]) && std::isnan(product[2]));
}

/// The physics heat_rod under another name, as a compiler may have made it: derivatives in the first coordinate come
/// out multiplied by a factor.
template <class S>
struct Miscompiled {
  static inline double jacobian_by = 1, gradient_by = 1, curvature_by = 1;

  static Evaluation<S> evaluation(int) {
    static const Adjoint<S> wrong{
        [](const Plan<S>& plan, const S* in, const S* weights, S* out, S* gradient) {
          whole().adjoint->gradient(plan, in, weights, out, gradient);
          gradient[0] *= S(gradient_by);
        },
        [](const Plan<S>& plan, const S* in, S* out, S* jacobian) {
          whole().adjoint->jacobian(plan, in, out, jacobian);
          jacobian[0] *= S(jacobian_by);
        },
        [](const Plan<S>& plan, const S* in, const S* weights, const S* direction, S* out, S* gradient, S* curvature) {
          whole().adjoint->curvature(plan, in, weights, direction, out, gradient, curvature);
          gradient[0] *= S(gradient_by);
          curvature[0] *= S(curvature_by);
        }};
    return {whole().evaluator, &wrong, whole().passes};
  }

 private:
  static Evaluation<S> whole() {
    const InModule rod = module_of("heat_rod");
    if constexpr (std::is_same_v<S, float>)
      return rod.module.single(rod.physics);
    else
      return rod.module.twice(rod.physics);
  }
};

constexpr const char* kMiscompiled = "miscompiled_rod";

void add_miscompiled() {
  PhysicsInfo info = find_physics("heat_rod");
  info.name = kMiscompiled;
  add_inference({&info, 1}, {Miscompiled<float>::evaluation, Miscompiled<double>::evaluation, nullptr,
                             [](int, const PlainPoint& point) {
                               const InModule rod = module_of("heat_rod");
                               return rod.module.outputs(rod.physics, point);
                             },
                             nullptr});
}

template <class S>
void expect_wrong_derivatives_to_be_found(Precision precision) {
  using Rod = Miscompiled<S>;
  Model model = random_model("heat_rod", {.precision = precision});
  model.card.physics = kMiscompiled;
  const auto refusal = [&]() -> std::string {
    try {
      saved(model);
    } catch (const Error& error) {
      return error.what();
    }
    return "accepted";
  };
  EXPECT_EQ(refusal(), "accepted");
  for (double* by : {&Rod::jacobian_by, &Rod::gradient_by, &Rod::curvature_by})
    for (const double factor : {0.0, -1.0, 2.0, 1e30}) {
      *by = factor;
      EXPECT_THAT(refusal(), testing::HasSubstr("self-test: ")) << factor;
      *by = 1;
    }
  EXPECT_EQ(refusal(), "accepted");
}

TEST(SurrogateDerivatives, ThatAreWrongFailTheSelfTest) {
  add_miscompiled();
  expect_wrong_derivatives_to_be_found<float>(Precision::float32);
  expect_wrong_derivatives_to_be_found<double>(Precision::float64);
}

TEST(SurrogateDerivatives, AreTheSameFromEightThreadsAtOnce) {
  const Model model = random_model("leach_column", {.width = 32});
  const Surrogate surrogate = loaded(model);
  const Values weights = weights_for(find_physics("leach_column")), direction = direction_for(model);
  const auto product_at = [&](int k) {
    return hvp_of(surrogate, point_of(model, 0.002 * k), weights, direction).product;
  };
  std::vector<Values> expected;
  for (int k = 0; k < 100; ++k) expected.push_back(product_at(k));
  std::array<int, 8> wrong{};
  std::vector<std::thread> threads;
  for (int& own : wrong)
    threads.emplace_back([&] {
      for (int k = 0; k < 100; ++k) own += product_at(k) != expected[std::size_t(k)];
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(wrong, testing::Each(0));
}

}  // namespace
}  // namespace residua
