// What a GPU does with a batch, on the host: the same bodies in the same order, networks by plain loops in between.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "surrogates/cuda/batch_tables.hpp"
#include "surrogates/inference_module.hpp"
#include "tests/surrogates/random_model.hpp"
#include "tests/surrogates/saved.hpp"

namespace residua {
namespace {

template <class S>
std::vector<double> widened(const S* values, std::int64_t n) {
  return {values, values + n};
}

/// Runs the steps of a batch one after the other, point by point and from the last to the first.
struct HostDevice {
  InModule physics;
  std::vector<int> design;
  std::size_t params;

  template <class S, class Io>
  void enter(const cuda::Batch<S, Io>& batch) const {
    for (std::int64_t i = batch.n; i-- > 0;) batch.enter(i);
  }
  template <class S, class Io>
  void leave(const cuda::Batch<S, Io>& batch) const {
    for (std::int64_t i = batch.n; i-- > 0;) batch.leave(i);
  }
  template <class S>
  void evaluate(const Network<S>& network, const Points<S>& points, S* rows) const {
    const auto weights = widened(network.weights, network.shape.parameters()),
               center = widened(network.center, network.shape.inputs),
               scale = widened(network.scale, network.shape.inputs);
    const Network<double> wide{network.shape, weights.data(), center.data(), scale.data()};
    const auto coords = std::size_t((points.design - points.coords) / points.n);
    for (std::int64_t i = 0; i < points.n; ++i) {
      std::vector<double> x, p;
      for (std::size_t c = 0; c < coords; ++c) x.push_back(points.coords[std::int64_t(c) * points.n + i]);
      for (std::size_t q = 0; q < params; ++q)
        p.push_back(points.design_row[q] < 0 ? points.params[q] : points.design[points.design_row[q] * points.n + i]);
      const std::vector<double> out = physics.module.outputs(physics.physics, {wide, x, p, design});
      for (std::size_t e = 0; e < out.size(); ++e) rows[std::int64_t(e) * points.n + i] = S(out[e]);
    }
  }
};

template <class S, class Io>
void expect_the_answers_of_the_cpu(const Model& model, double tolerance) {
  SCOPED_TRACE(model.card.physics);
  const Surrogate surrogate = loaded(model);
  const std::size_t n = 101, inputs = surrogate.inputs().size(), outputs = surrogate.outputs().size();
  std::vector<Io> in(inputs * n), out(outputs * n, Io(-7)), expected(outputs * n);
  for (std::size_t p = 0; p < n; ++p) {
    const std::vector<double> point = point_of(model, -1.02 + 2.2 * double(p) / double(n));
    for (std::size_t i = 0; i < inputs; ++i) in[i * n + p] = Io(point[i]);
  }
  in[17] = std::numeric_limits<Io>::quiet_NaN();
  in[(inputs - 1) * n + 23] = std::numeric_limits<Io>::infinity();
  std::vector<Status> each(n), expected_each(n);
  surrogate.predict(n, in, expected, expected_each);
  ASSERT_THAT(expected_each, testing::IsSupersetOf({Status::ok, Status::near, Status::outside, Status::not_finite}));

  const auto tables = cuda::BatchTables<S>::of(model, "model");
  cuda::BatchModel<S> parts = tables.sizes;
  parts.weights = tables.weights.data();
  parts.center = tables.center.data();
  parts.scale = tables.scale.data();
  parts.params = tables.params.data();
  parts.design_row = tables.design_row.data();
  parts.ranges = tables.ranges.data();
  parts.output_units = tables.output_units.data();
  parts.seams = tables.seams.data();
  std::vector<S> x(inputs * n), rows(std::size_t(parts.members * parts.windows) * outputs * n);
  std::vector<Status> entered(n);
  const cuda::Batch<S, Io> batch{parts,       std::int64_t(n), in.data(),   out.data(),
                                 each.data(), x.data(),        rows.data(), entered.data()};
  const PhysicsInfo& physics = find_physics(model.card.physics);
  run_batch(batch, HostDevice{module_of(physics.name), design_positions(model, physics), physics.params.size()});

  EXPECT_EQ(each, expected_each);
  for (std::size_t e = 0; e < outputs; ++e) {
    double size = 0;
    for (std::size_t p = 0; p < n; ++p)
      if (std::isfinite(expected[e * n + p])) size = std::max(size, std::abs(double(expected[e * n + p])));
    for (std::size_t p = 0; p < n; ++p) {
      EXPECT_EQ(std::isfinite(out[e * n + p]), std::isfinite(expected[e * n + p])) << p;
      if (!std::isfinite(out[e * n + p])) continue;
      EXPECT_NEAR(out[e * n + p], expected[e * n + p], tolerance * size) << p;
    }
  }
}

/// An ensemble of two, each with two windows of time.
Model of_four_networks(const std::string& physics, Precision precision) {
  Model model = random_model(physics, {.precision = precision});
  const Variable& time = model.card.inputs[0];
  model.seams = {time.lower + 0.4 * (time.upper - time.lower)};
  model.card.members = 2;
  std::vector<double> weights;
  for (const double factor : {1.0, 0.9, 1.2, -0.7})
    for (const double w : model.weights) weights.push_back(factor * w);
  model.weights = weights;
  for (auto* rows : {&model.center, &model.scale}) {
    const std::vector<double> one = *rows;
    for (const double value : one) rows->push_back(1.1 * value);
  }
  return model;
}

TEST(DeviceBatch, AnswersAsTheCpuDoes) {
  for (const char* physics : {"leach_column", "kiln_axial", "transport_2d"}) {
    expect_the_answers_of_the_cpu<double, double>(random_model(physics), 1e-12);
    expect_the_answers_of_the_cpu<float, float>(random_model(physics, {.precision = Precision::float32}), 1e-5);
    expect_the_answers_of_the_cpu<double, float>(random_model(physics), 1e-6);
  }
}

TEST(DeviceBatch, AveragesMembersAndChoosesWindows) {
  expect_the_answers_of_the_cpu<double, double>(of_four_networks("kiln_wall", Precision::float64), 1e-12);
  expect_the_answers_of_the_cpu<float, double>(of_four_networks("kiln_wall", Precision::float32), 1e-5);
}

TEST(DeviceBatch, RefusesABranch) {
  const Model model = random_model("leach_column", {.branch_width = 8});
  try {
    cuda::BatchTables<float>::of(model, "column.h5");
    FAIL() << "expected an Error";
  } catch (const Error& e) {
    EXPECT_THAT(e.what(), testing::HasSubstr("column.h5: has a branch"));
  }
}

}  // namespace
}  // namespace residua
