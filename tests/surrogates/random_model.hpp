#pragma once
#include <cmath>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/catalog.hpp"
#include "surrogates/file.hpp"

namespace residua {

struct RandomModelOptions {
  Precision precision = Precision::float64;
  int width = 12, depth = 2;
  Activation activation = Activation::tanh;
  unsigned seed = 1;
  int branch_width = 0, branch_depth = 2;  ///< a width of 0: no branch
};

/// A model of any physics with random weights. Its design inputs are the parameters that the physics gives a range.
inline Model random_model(std::string_view physics, const RandomModelOptions& options = {}) {
  const PhysicsInfo& info = find_physics(physics);
  std::vector<std::string> design;
  for (const Quantity& q : info.params)
    if (q.lower < q.upper) design.emplace_back(q.name);
  Model model = new_model(physics, design, options.width, options.depth, options.activation);
  if (options.branch_width > 0) add_branch(model, options.branch_width, options.branch_depth);
  model.precision = options.precision;
  std::mt19937 random(options.seed);
  const auto uniform = [&](double size) { return size * (2.0 * random() / random.max() - 1); };
  const NetworkShape shape = model.network();
  for (const auto& [offset, in, out, hidden] : shape.layers()) {
    double* w = &model.weights[std::size_t(offset)];
    for (int k = 0; k < (in + 1) * out; ++k) w[k] = uniform(std::sqrt(3.0 / in));
  }
  for (int i = info.features; i < shape.inputs(); ++i) {
    const Variable& v = model.card.inputs[info.coords.size() + i - info.features];
    for (const Quantity& q : info.params)
      if (q.name == v.name) {
        model.center[i] = (v.lower + v.upper) / (2 * q.scale);
        model.scale[i] = 2 * q.scale / (v.upper - v.lower);
      }
  }
  return model;
}

/// The same as an ensemble, of members with different weights.
inline Model random_ensemble(std::string_view physics, int members, RandomModelOptions options = {}) {
  Model model = random_model(physics, options);
  model.card.members = members;
  for (int m = 1; m < members; ++m) {
    ++options.seed;
    const Model other = random_model(physics, options);
    model.weights.insert(model.weights.end(), other.weights.begin(), other.weights.end());
  }
  return model;
}

/// A point of the operating envelope: the middle, moved by `shift` (-1 to 1) times half the range of each input, with
/// alternating sign.
inline std::vector<double> point_of(const Model& model, double shift) {
  std::vector<double> point;
  for (const Variable& v : model.card.inputs) {
    point.push_back((v.lower + v.upper) / 2 + shift * (v.upper - v.lower) / 2);
    shift = -0.8 * shift;
  }
  return point;
}

}  // namespace residua
