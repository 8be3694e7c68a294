#include "surrogates/surrogate.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pthread.h>

#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <thread>

#include "kernels/core/special.hpp"
#include "surrogates/stepper.hpp"
#include "tests/surrogates/count_allocations.hpp"
#include "tests/surrogates/random_model.hpp"
#include "tests/surrogates/saved.hpp"

namespace residua {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity(), kNan = std::numeric_limits<double>::quiet_NaN();

std::vector<double> outputs_of(const Surrogate& surrogate, const std::vector<double>& in) {
  std::vector<double> out(surrogate.outputs().size());
  EXPECT_EQ(surrogate.predict(in, out), Status::ok);
  return out;
}

/// Value and derivatives at a point, which must lie inside the envelope.
struct Answered {
  std::vector<double> out, jacobian;
};
Answered jacobian_of(const Surrogate& surrogate, const std::vector<double>& in) {
  Answered a{std::vector<double>(surrogate.outputs().size()), {}};
  a.jacobian.resize(in.size() * a.out.size());
  EXPECT_EQ(surrogate.jacobian(in, a.out, a.jacobian), Status::ok);
  return a;
}

/// heat_rod with one neuron: T = sin(pi x) + t x (1 - x) (v tanh(w0 t + w1 x + w2 a + b) + c).
Model one_neuron() {
  Model model = new_model("heat_rod", std::array<std::string, 1>{"diffusivity"}, 1, 1);
  model.precision = Precision::float64;
  model.weights = {0.7, -0.4, 1.5, 0.2, 1.3, -0.6};  // w0 w1 w2, b, v, c
  return model;
}

TEST(Surrogate, MatchesAClosedFormWithItsDerivatives) {
  const Surrogate surrogate = loaded(one_neuron());
  const double t = 0.6, x = 0.3, a = 0.12;
  const double f = std::tanh(0.7 * t - 0.4 * x + 1.5 * a + 0.2), df = 1 - f * f, net = 1.3 * f - 0.6,
               ramp = t * x * (1 - x);
  const auto [out, jacobian] = jacobian_of(surrogate, {t, x, a});
  constexpr double kTolerance = 16 * std::numeric_limits<double>::epsilon();
  EXPECT_NEAR(out[0], std::sin(kPi * x) + ramp * net, kTolerance);
  EXPECT_NEAR(jacobian[0], x * (1 - x) * net + ramp * 1.3 * df * 0.7, kTolerance);
  EXPECT_NEAR(jacobian[1], kPi * std::cos(kPi * x) + t * (1 - 2 * x) * net + ramp * 1.3 * df * -0.4, kTolerance);
  EXPECT_NEAR(jacobian[2], ramp * 1.3 * df * 1.5, kTolerance);
}

TEST(Surrogate, SpeaksPlantUnits) {
  // A wall at the temperature of its gas and its surroundings, whose network always says c:
  // T = 1000 K c reach / (reach + 1/2) + T0 with reach^2 = k0 (1 + b T0) t / (C d^2) + 1e-8.
  Model model = new_model("kiln_wall", std::array<std::string, 1>{"thickness"}, 4, 1);
  model.precision = Precision::float64;
  model.weights.back() = 0.3;
  const double hours = 5, d = 0.15, T0 = 350;
  for (FixedParameter& fixed : model.card.fixed)
    if (fixed.name.ends_with("temperature")) fixed.value = T0;
  const Surrogate surrogate = loaded(model);
  const double squared = 1.2 * (1 + 2e-4 * T0) * hours * 3600 / (2.2e6 * d * d), reach = std::sqrt(squared + 1e-8);
  const double share = reach / (reach + 0.5), slope = 300 * 0.5 / std::pow(reach + 0.5, 2);
  const auto [out, jacobian] = jacobian_of(surrogate, {hours, 0.5, d});
  EXPECT_NEAR(out[0], T0 + 300 * share, 1e-8);
  EXPECT_NEAR(jacobian[0], slope * squared / reach / (2 * hours), 1e-8);  // K/h
  EXPECT_EQ(jacobian[1], 0);
  EXPECT_NEAR(jacobian[2], -slope * squared / reach / d, 1e-6);  // K/m
}

TEST(Surrogate, AnswersLikeTheSlowReferenceForEveryPhysics) {
  for (const PhysicsInfo& info : catalog())
    for (Activation activation : {Activation::tanh, Activation::sin, Activation::silu})
      for (int width : {1, 17, 64}) {
        const Model model = random_model(info.name, {.width = width, .depth = 3, .activation = activation});
        const Surrogate surrogate = loaded(model);
        for (double shift : {-0.9, -0.3, 0.1, 0.7}) {
          const std::vector<double> in = point_of(model, shift), expected = reference_outputs(model, in);
          const std::vector<double> found = outputs_of(surrogate, in);
          for (std::size_t e = 0; e < found.size(); ++e)
            EXPECT_NEAR(found[e], expected[e], 1e-12 * info.outputs[e].scale) << info.name << " output " << e;
        }
      }
}

TEST(Surrogate, AnswersInSinglePrecisionWithinItsRounding) {
  for (const PhysicsInfo& info : catalog()) {
    const Model model = random_model(info.name, {.precision = Precision::float32, .width = 64, .depth = 3});
    const Surrogate surrogate = loaded(model);
    for (double shift : {-0.9, -0.3, 0.1, 0.7}) {
      const std::vector<double> in = point_of(model, shift), expected = reference_outputs(model, in);
      const std::vector<double> found = outputs_of(surrogate, in);
      for (std::size_t e = 0; e < found.size(); ++e)
        EXPECT_NEAR(found[e], expected[e], 1e-5 * info.outputs[e].scale) << info.name << " output " << e;
    }
  }
}

TEST(Surrogate, HasDerivativesThatMatchDifferencesOfTheReference) {
  for (const PhysicsInfo& info : catalog()) {
    const Model model = random_model(info.name, {.width = 20, .depth = 3});
    const Surrogate surrogate = loaded(model);
    const std::vector<double> in = point_of(model, 0.2);
    const auto [out, jacobian] = jacobian_of(surrogate, in);
    EXPECT_THAT(out, testing::Pointwise(testing::DoubleNear(1e-9), outputs_of(surrogate, in)));
    for (std::size_t i = 0; i < in.size(); ++i) {
      const double range = model.card.inputs[i].upper - model.card.inputs[i].lower;
      // Fourth order: truncation and rounding are both near 1e-11 of the outputs' size.
      const auto at = [&](double step) {
        std::vector<double> moved = in;
        moved[i] += step * range;
        return reference_outputs(model, moved);
      };
      const double h = 3e-5;
      const auto near_up = at(h), near_down = at(-h), far_up = at(2 * h), far_down = at(-2 * h);
      for (std::size_t e = 0; e < out.size(); ++e) {
        const double difference = (8 * (near_up[e] - near_down[e]) - (far_up[e] - far_down[e])) / (12 * h);
        EXPECT_NEAR(jacobian[e * in.size() + i] * range, difference, 1e-8 * info.outputs[e].scale)
            << info.name << ": " << model.card.outputs[e].name << " by " << model.card.inputs[i].name;
      }
    }
  }
}

/// Three networks, one after the other in time, and each of them by itself.
struct Marched {
  Model model = random_model("leach_column");
  std::vector<Model> parts;

  explicit Marched(Precision precision = Precision::float64) {
    for (unsigned seed = 1; seed <= 3; ++seed)
      parts.push_back(random_model("leach_column", {.precision = precision, .seed = seed}));
    model = parts[0];
    model.seams = {2, 3.5};
    for (std::size_t w = 1; w < parts.size(); ++w) {
      model.weights.insert(model.weights.end(), parts[w].weights.begin(), parts[w].weights.end());
      parts[w].scale[0] = 1 + double(w);
      model.center.insert(model.center.end(), parts[w].center.begin(), parts[w].center.end());
      model.scale.insert(model.scale.end(), parts[w].scale.begin(), parts[w].scale.end());
    }
  }
};

TEST(Surrogate, AnswersByTheNetworkOfItsWindowOfTime) {
  const Marched marched;
  const Surrogate surrogate = loaded(marched.model);
  const std::vector<Surrogate> parts = [&] {
    std::vector<Surrogate> all;
    for (const Model& part : marched.parts) all.push_back(loaded(part));
    return all;
  }();
  std::vector<double> in = point_of(marched.model, 0.3);
  for (const auto& [time, window] : {std::pair{0.5, 0}, {2., 0}, {2.001, 1}, {3.5, 1}, {3.6, 2}, {8., 2}}) {
    in[0] = time;
    EXPECT_EQ(outputs_of(surrogate, in), outputs_of(parts[std::size_t(window)], in)) << time;
    EXPECT_EQ(jacobian_of(surrogate, in).jacobian, jacobian_of(parts[std::size_t(window)], in).jacobian) << time;
  }
}

TEST(Surrogate, AnswersBatchesThatSpanSeveralWindowsOfTime) {
  for (const Precision precision : {Precision::float32, Precision::float64}) {
    const Surrogate surrogate = loaded(Marched(precision).model);
    const std::size_t n = 100, inputs = surrogate.inputs().size(), outputs = surrogate.outputs().size();
    std::vector<double> in(inputs * n), out(outputs * n), one(inputs), expected(outputs);
    for (std::size_t p = 0; p < n; ++p) {
      const std::vector<double> point = point_of(Marched().model, 0.2);
      for (std::size_t i = 0; i < inputs; ++i) in[i * n + p] = i == 0 ? double(p * 37 % n) * 0.08 : point[i];
    }
    EXPECT_EQ(surrogate.predict(n, in, out), Status::ok);
    for (std::size_t p = 0; p < n; ++p) {
      for (std::size_t i = 0; i < inputs; ++i) one[i] = in[i * n + p];
      surrogate.predict(one, expected);
      for (std::size_t e = 0; e < outputs; ++e) EXPECT_NEAR(out[e * n + p], expected[e], 1e-5) << p;
    }
  }
}

TEST(Surrogate, AnswersByTheMeanOfItsMembersAndTheirSpread) {
  for (const Precision precision : {Precision::float32, Precision::float64}) {
    std::vector<Model> parts = Marched(precision).parts;
    Model model = parts[0];
    model.card.members = 3;
    for (Model& part : parts) {
      part.scale = model.scale;
      if (&part != &parts[0]) model.weights.insert(model.weights.end(), part.weights.begin(), part.weights.end());
    }
    const Surrogate ensemble = loaded(model);
    EXPECT_EQ(ensemble.card().members, 3);
    const std::vector<double> in = point_of(model, 0.3);
    const std::size_t outputs = model.card.outputs.size();
    std::vector<double> mean(outputs), squares(outputs), jacobian(outputs * in.size());
    for (const bool second : {false, true})
      for (const Model& part : parts) {
        const auto own = jacobian_of(loaded(part), in);
        for (std::size_t e = 0; e < outputs; ++e)
          second ? squares[e] += std::pow(own.out[e] - mean[e], 2) : mean[e] += own.out[e] / 3;
        for (std::size_t k = 0; !second && k < jacobian.size(); ++k) jacobian[k] += own.jacobian[k] / 3;
      }
    const double tolerance = precision == Precision::float32 ? 1e-5 : 1e-13;
    std::vector<double> out(outputs), spread(outputs), block(outputs);
    EXPECT_EQ(ensemble.predict_with_spread(in, out, spread), Status::ok);
    EXPECT_EQ(ensemble.predict(1, in, block), Status::ok);
    const auto answered = jacobian_of(ensemble, in);
    for (std::size_t e = 0; e < outputs; ++e) {
      EXPECT_NEAR(out[e], mean[e], tolerance);
      EXPECT_NEAR(block[e], mean[e], tolerance);
      EXPECT_NEAR(spread[e], std::sqrt(squares[e] / 2), tolerance);
      EXPECT_GT(spread[e], 1e-3);
    }
    for (std::size_t k = 0; k < jacobian.size(); ++k) EXPECT_NEAR(answered.jacobian[k], jacobian[k], 100 * tolerance);
  }
}

TEST(Surrogate, KnowsNoSpreadOfASingleNetwork) {
  const Model model = random_model("heat_rod");
  const Surrogate surrogate = loaded(model);
  std::vector<double> out(1), spread(1), too_long(2);
  EXPECT_EQ(surrogate.predict_with_spread(point_of(model, 0.1), out, spread), Status::ok);
  EXPECT_TRUE(std::isfinite(out[0]));
  EXPECT_TRUE(std::isnan(spread[0]));
  EXPECT_EQ(surrogate.predict_with_spread(point_of(model, 0.1), out, too_long), Status::wrong_size);
}

TEST(Surrogate, GivesAnOutputThatReadsADerivative) {
  const Model model = random_model("leach_column");
  const Surrogate surrogate = loaded(model);
  const std::vector<double> in = point_of(model, 0.3);
  const auto [out, jacobian] = jacobian_of(surrogate, in);
  ASSERT_EQ(surrogate.inputs()[1].name, "depth");
  ASSERT_EQ(surrogate.inputs()[2].name, "peclet");
  EXPECT_NEAR(out[2], out[0] - jacobian[1] / in[2], 1e-13);  // flux = c - c_x / Pe
}

TEST(Surrogate, GivesTheSameInBatchesOfAnySize) {
  for (std::string_view physics : {"leach_column", "kiln_axial"})
    for (Precision precision : {Precision::float32, Precision::float64}) {
      const Model model = random_model(physics, {.precision = precision, .width = 40});
      const Surrogate surrogate = loaded(model);
      const std::size_t inputs = surrogate.inputs().size(), outputs = surrogate.outputs().size();
      for (std::size_t n : {0, 1, 15, 16, 17, 100}) {
        std::vector<double> in(inputs * n), out(outputs * n);
        for (std::size_t p = 0; p < n; ++p) {
          const std::vector<double> point = point_of(model, 0.9 * (p + 1) / n);
          for (std::size_t i = 0; i < inputs; ++i) in[i * n + p] = point[i];
        }
        ASSERT_EQ(surrogate.predict(n, in, out), Status::ok);
        const std::vector<float> in_single(in.begin(), in.end());
        std::vector<float> out_single(out.size());
        ASSERT_EQ(surrogate.predict(n, in_single, out_single), Status::ok);
        for (std::size_t p = 0; p < n; ++p) {
          const std::vector<double> expected = outputs_of(surrogate, point_of(model, 0.9 * (p + 1) / n));
          for (std::size_t e = 0; e < outputs; ++e) {
            const double size = find_physics(physics).outputs[e].scale;
            EXPECT_NEAR(out[e * n + p], expected[e], (precision == Precision::float32 ? 1e-5 : 1e-13) * size);
            EXPECT_NEAR(out_single[e * n + p], expected[e], 1e-5 * size);
          }
        }
      }
    }
}

TEST(Surrogate, FlagsWhichInputLiesOutsideTheEnvelope) {
  const Model model = random_model("kiln_wall");
  const Surrogate surrogate = loaded(model);
  std::vector<double> in = point_of(model, 0.2), out(1), jacobian(in.size());
  std::uint64_t outside = 77;
  EXPECT_EQ(surrogate.predict(in, out, &outside), Status::ok);
  EXPECT_EQ(outside, 0u);
  in[1] = model.card.inputs[1].upper;  // a bound is inside
  EXPECT_EQ(surrogate.predict(in, out, &outside), Status::ok);
  in[1] = std::nextafter(in[1], 2);
  in[4] = model.card.inputs[4].lower * 0.9;
  EXPECT_EQ(surrogate.predict(in, out, &outside), Status::outside);
  EXPECT_EQ(outside, 1u << 1 | 1u << 4);
  EXPECT_NEAR(out[0], reference_outputs(model, in)[0], 1e-9);  // evaluated all the same
  EXPECT_EQ(surrogate.jacobian(in, out, jacobian, &outside), Status::outside);
  EXPECT_EQ(outside, 1u << 1 | 1u << 4);
}

TEST(Surrogate, MeasuresHowFarOutsideAPointLies) {
  const Model model = random_model("kiln_wall");
  const Surrogate surrogate = loaded(model);
  std::vector<double> in = point_of(model, 0.2);
  EXPECT_EQ(surrogate.distance(in), 0);
  const Variable &second = model.card.inputs[1], &fourth = model.card.inputs[3];
  in[1] = second.upper;  // a bound is inside
  EXPECT_EQ(surrogate.distance(in), 0);
  in[1] = second.lower - 0.125 * (second.upper - second.lower);
  EXPECT_NEAR(surrogate.distance(in), 0.125, 1e-12);
  in[3] = fourth.upper + 2 * (fourth.upper - fourth.lower);
  EXPECT_NEAR(surrogate.distance(in), 2, 1e-12);
  in[5] = kNan;
  EXPECT_TRUE(std::isnan(surrogate.distance(in)));
  in[5] = kInfinity;
  EXPECT_EQ(surrogate.distance(in), kInfinity);
  EXPECT_TRUE(std::isnan(surrogate.distance(std::span(in).first(2))));
}

TEST(Surrogate, TakesABoundOfASinglePrecisionBatchAsInside) {
  const Model model = random_model("kiln_wall", {.precision = Precision::float32});
  const Surrogate surrogate = loaded(model);
  std::vector<float> in, out(1);
  for (const Variable& v : surrogate.inputs()) in.push_back(float(v.upper));
  EXPECT_EQ(surrogate.predict(1, in, out), Status::ok);
}

TEST(Surrogate, TellsPointsOfABatchApart) {
  const Model model = random_model("heat_rod");
  const Surrogate surrogate = loaded(model);
  const std::vector<double> in = {0.5, 0.5, 0.5, 0.5, 1.5, kNan, 0.1, 0.1, 0.1};  // rows t, x, a of three points
  std::vector<double> out(3);
  std::vector<Status> each(3);
  EXPECT_EQ(surrogate.predict(3, in, out, each), Status::not_finite);
  EXPECT_THAT(each, testing::ElementsAre(Status::ok, Status::outside, Status::not_finite));
  EXPECT_TRUE(std::isfinite(out[0]) && std::isfinite(out[1]) && std::isnan(out[2]));
}

TEST(Surrogate, SaysSoWhenANumberIsNotFinite) {
  const Surrogate surrogate = loaded(random_model("heat_rod"));
  std::vector<double> out(1), jacobian(3);
  for (double bad : {kNan, kInfinity, -kInfinity}) {
    out[0] = 1;
    EXPECT_EQ(surrogate.predict(std::vector<double>{0.5, bad, 0.1}, out), Status::not_finite);
    EXPECT_TRUE(std::isnan(out[0]));
    EXPECT_EQ(surrogate.jacobian(std::vector<double>{0.5, bad, 0.1}, out, jacobian), Status::not_finite);
    EXPECT_TRUE(std::isnan(jacobian[2]));
  }
  // Finite inputs far outside, for which the physics has no answer: log(1 + 2 t) at t = -1.
  const Model model = random_model("leach_column");
  std::vector<double> in = point_of(model, 0.1), three(3);
  in[0] = -1;
  std::uint64_t outside = 0;
  EXPECT_EQ(loaded(model).predict(in, three, &outside), Status::not_finite);
  EXPECT_EQ(outside, 1u);
}

TEST(Surrogate, WritesNothingThroughSpansOfTheWrongSize) {
  const Surrogate surrogate = loaded(random_model("heat_rod"));
  std::vector<double> in = {0.5, 0.5, 0.1}, out = {7}, two = {7, 7}, jacobian = {7, 7, 7};
  EXPECT_EQ(surrogate.predict(std::span(in).first(2), out), Status::wrong_size);
  EXPECT_EQ(surrogate.predict(in, two), Status::wrong_size);
  EXPECT_EQ(surrogate.predict(2, in, two), Status::wrong_size);
  EXPECT_EQ(surrogate.predict(1, in, two), Status::wrong_size);
  EXPECT_EQ(surrogate.predict(0, in, out), Status::wrong_size);
  EXPECT_EQ(surrogate.predict(std::size_t{1} << 63, in, out), Status::wrong_size);
  std::vector<Status> each(2);
  EXPECT_EQ(surrogate.predict(1, in, out, each), Status::wrong_size);
  EXPECT_EQ(surrogate.jacobian(in, out, std::span(jacobian).first(2)), Status::wrong_size);
  EXPECT_THAT(out, testing::ElementsAre(7));
  EXPECT_THAT(two, testing::ElementsAre(7, 7));
  EXPECT_THAT(jacobian, testing::ElementsAre(7, 7, 7));
}

TEST(Surrogate, AllocatesNothingAfterLoading) {
  if (!kCountsAllocations) GTEST_SKIP() << "a sanitizer owns malloc";
  for (std::string_view physics : {"leach_column", "kiln_axial"})
    for (Precision precision : {Precision::float32, Precision::float64}) {
      const Model model = random_ensemble(physics, 2, {.precision = precision, .width = 64});
      const Surrogate surrogate = loaded(model);
      const std::size_t inputs = surrogate.inputs().size(), outputs = surrogate.outputs().size(), n = 50;
      const std::vector<double> in = point_of(model, 0.2);
      std::vector<double> out(outputs), jacobian(inputs * outputs), rows(inputs * n, 0.5), answers(outputs * n);
      std::vector<double> gradient(inputs), product(inputs), hessian(outputs * inputs * inputs), spread(outputs);
      std::vector<float> rows_single(inputs * n, 0.5f), answers_single(outputs * n);
      const std::size_t before = allocations();
      const Status statuses[] = {surrogate.predict(in, out),
                                 surrogate.jacobian(in, out, jacobian),
                                 surrogate.predict(n, rows, answers),
                                 surrogate.predict(n, rows_single, answers_single),
                                 surrogate.vjp(in, out, out, gradient),
                                 surrogate.hvp(in, out, in, out, gradient, product),
                                 surrogate.hessian(in, out, hessian),
                                 surrogate.predict_with_spread(in, out, spread)};
      const double distance = surrogate.distance(in);
      EXPECT_EQ(allocations() - before, 0u);
      for (std::size_t call : {1, 4, 5, 6, 7}) EXPECT_EQ(statuses[call], Status::ok);
      EXPECT_EQ(distance, 0);
      EXPECT_GT(spread[0], 0);
    }
  const std::size_t before = allocations();
  EXPECT_EQ(std::vector<int>(100).size(), 100u);
  EXPECT_GT(allocations(), before);  // the count does count
}

/// Runs it on a thread with no more stack than the evaluations promise to need.
void on_a_stack_of_256_kib(const std::function<void()>& work) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  ASSERT_EQ(pthread_attr_setstacksize(&attributes, 256 * 1024), 0);
  pthread_t thread;
  const auto start = [](void* data) -> void* {
    (*static_cast<const std::function<void()>*>(data))();
    return nullptr;
  };
  ASSERT_EQ(pthread_create(&thread, &attributes, start, const_cast<std::function<void()>*>(&work)), 0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
}

TEST(Surrogate, RunsTheWidestNetworkOnAStackOf256KiB) {
  if (!kCountsAllocations) GTEST_SKIP() << "a sanitizer enlarges the stack";
  constexpr std::size_t kPoints = 16;
  for (const Precision precision : {Precision::float32, Precision::float64}) {
    const Model model = random_ensemble("leach_column", 2, {.precision = precision, .width = kMaxWidth});
    const Surrogate surrogate = loaded(model);
    const std::vector<double> in = point_of(model, 0.2);
    const std::size_t inputs = in.size(), outputs = 3;
    std::vector<double> out(outputs), spread(outputs), left(surrogate.equations()), jacobian(outputs * inputs);
    std::vector<double> hessian(outputs * inputs * inputs), gradient(inputs), product(inputs);
    std::vector<double> rows, answers(outputs * kPoints);
    for (const double v : in) rows.insert(rows.end(), kPoints, v);
    std::array<Status, 8> statuses;
    statuses.fill(Status::wrong_size);
    on_a_stack_of_256_kib([&] {
      statuses = {surrogate.predict(in, out),
                  surrogate.jacobian(in, out, jacobian),
                  surrogate.predict(kPoints, rows, answers),
                  surrogate.vjp(in, out, out, gradient),
                  surrogate.hvp(in, out, in, out, gradient, product),
                  surrogate.hessian(in, out, hessian),
                  surrogate.predict_with_spread(in, out, spread),
                  surrogate.residual(in, left)};
    });
    EXPECT_THAT(statuses, testing::Each(Status::ok));
  }
}

TEST(Surrogate, StepsTheWidestNetworkOnAStackOf256KiB) {
  if (!kCountsAllocations) GTEST_SKIP() << "a sanitizer enlarges the stack";
  const Surrogate surrogate = loaded(random_ensemble("kiln_wall_step", 2, {.width = kMaxWidth}));
  const Stepper stepper(surrogate);
  const std::vector<double> start = {800, 450}, controls = {1200, 30, 1210, 31};
  std::vector<double> states(4), by_state(8), by_control(8), of_controls(4), of_start(2);
  Status rolled = Status::wrong_size, pulled = Status::wrong_size;
  on_a_stack_of_256_kib([&] {
    rolled = stepper.rollout(20, start, controls, states, by_state, by_control);
    pulled = stepper.pull_back(by_state, by_control, states, of_controls, of_start);
  });
  EXPECT_LE(rolled, Status::outside);  // evaluated: random weights lead anywhere
  EXPECT_EQ(pulled, Status::ok);
}

TEST(Surrogate, ServesManyThreadsAtOnce) {
  const Model model = random_model("leach_column", {.width = 32});
  const Surrogate surrogate = loaded(model);
  std::vector<std::thread> threads;
  std::vector<int> wrong(4);
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int k = 0; k < 500; ++k) {
        const std::vector<double> in = point_of(model, 0.001 * k + 0.1 * t), expected = reference_outputs(model, in);
        std::vector<double> out(3), jacobian(3 * in.size());
        surrogate.predict(in, out);
        wrong[t] += std::abs(out[2] - expected[2]) > 1e-12;
        surrogate.jacobian(in, out, jacobian);
        wrong[t] += std::abs(out[2] - expected[2]) > 1e-12;
      }
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(wrong, testing::Each(0));
}

TEST(Surrogate, ShowsItsCard) {
  Model model = random_model("kiln_wall");
  model.card.validation = {"finite volumes, 400 cells", 12, {{1e-4, 3e-3, 2e-4, 4.5}}};
  model.card.provenance.created = "2026-01-31T12:00:00Z";
  const Surrogate surrogate = loaded(model);
  const Card& card = surrogate.card();
  EXPECT_EQ(card.physics, "kiln_wall");
  EXPECT_EQ(card.format_version, 1);
  EXPECT_EQ(card.inputs[0].name, "time");
  EXPECT_EQ(card.inputs[0].unit, "h");
  EXPECT_EQ(card.inputs[0].upper, 24);
  EXPECT_EQ(card.inputs[2].name, "gas_temperature");
  EXPECT_EQ(card.outputs[0].unit, "K");
  EXPECT_EQ(card.validation.outputs[0].max_abs, 4.5);
  EXPECT_EQ(card.provenance.created, "2026-01-31T12:00:00Z");
  EXPECT_EQ(card.digest.size(), 64u);
  EXPECT_EQ(surrogate.inputs().data(), card.inputs.data());
}

TEST(Surrogate, CanBeMoved) {
  const Model model = random_model("heat_rod");
  Surrogate first = loaded(model);
  const std::vector<double> in = point_of(model, 0.2), expected = outputs_of(first, in);
  const Surrogate second = std::move(first);
  EXPECT_EQ(outputs_of(second, in), expected);
}

}  // namespace
}  // namespace residua
