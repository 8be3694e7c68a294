// What Surrogate::residual() says in the control loop, against the kernels that training minimises by.
#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>

#include "kernels/catalog.hpp"
#include "kernels/fused.hpp"
#include "tests/surrogates/random_model.hpp"
#include "tests/surrogates/saved.hpp"

namespace residua {
namespace {

/// The rows of the equations at a point (plant units), by the kernels of training. `weights` are those of one network.
std::vector<double> trained_rows(const Model& model, const double* weights, const std::vector<double>& in) {
  const PhysicsInfo& physics = find_physics(model.card.physics);
  const std::vector<Variable>& inputs = model.card.inputs;
  std::vector<double> coords, design, params;
  std::vector<int> design_row;
  for (std::size_t c = 0; c < physics.coords.size(); ++c) coords.push_back(in[c] / physics.coords[c].scale);
  for (const Quantity& q : physics.params) {
    const auto input = std::find_if(inputs.begin(), inputs.end(), [&](const Variable& v) { return v.name == q.name; });
    params.push_back(q.value / q.scale);
    design_row.push_back(input == inputs.end() ? -1 : int(design.size()));
    if (input != inputs.end()) design.push_back(in[std::size_t(input - inputs.begin())] / q.scale);
  }
  const Points<double> point{1, coords.data(), design.data(), params.data(), design_row.data(), int(design.size())};
  const TermInfo& interior = physics.terms.front();
  std::vector<double> rows(std::size_t(interior.equations));
  evaluate(find_term(physics.name, interior.name),
           Network<double>{model.shape, weights, model.center.data(), model.scale.data()}, point, rows.data(), 1);
  return rows;
}

double largest(const std::vector<double>& values) {
  double size = 0;
  for (const double v : values) size = std::max(size, std::abs(v));
  return size;
}

/// The model as its file has it: in single precision its weights are rounded.
Model as_saved(const Model& model) { return load(saved(model), "model"); }

TEST(SelfCheck, LeavesWhatTrainingSeesOfEveryPhysics) {
  for (const PhysicsInfo& physics : catalog())
    for (const Precision precision : {Precision::float32, Precision::float64}) {
      SCOPED_TRACE(physics.name);
      const Model model = as_saved(random_model(physics.name, {.precision = precision, .width = 20, .depth = 3}));
      const Surrogate surrogate = loaded(model);
      std::vector<double> left(surrogate.equations());
      double largest_of_all = 0;
      for (const double shift : {-0.6, -0.25, 0.3, 0.8}) {
        const std::vector<double> in = point_of(model, shift);
        const std::vector<double> expected = trained_rows(model, model.weights.data(), in);
        ASSERT_EQ(surrogate.residual(in, left), Status::ok);
        EXPECT_THAT(left, testing::Pointwise(testing::DoubleNear(1e-8 * (1 + largest(expected))), expected));
        largest_of_all = std::max(largest_of_all, largest(expected));
      }
      // Random weights solve nothing, so there is something to be compared, but far from a front.
      EXPECT_GT(largest_of_all, 1e-6);
    }
}

TEST(SelfCheck, OfAnEnsembleIsThatOfItsWorstMember) {
  Model model = random_model("leach_column");
  const std::size_t parameters = model.weights.size();
  const Model other = random_model("leach_column", {.seed = 2});
  model.card.members = 2;
  model.weights.insert(model.weights.end(), other.weights.begin(), other.weights.end());
  const std::vector<double> in = point_of(model, 0.3);
  const std::vector<double> first = trained_rows(model, model.weights.data(), in),
                            second = trained_rows(model, &model.weights[parameters], in);
  std::vector<double> left(first.size());
  ASSERT_EQ(loaded(model).residual(in, left), Status::ok);
  for (std::size_t e = 0; e < left.size(); ++e)
    EXPECT_NEAR(left[e], std::abs(first[e]) > std::abs(second[e]) ? first[e] : second[e], 1e-9);
}

}  // namespace
}  // namespace residua
