#include "surrogates/model.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "kernels/core/error.hpp"
#include "kernels/mlp.hpp"
#include "surrogates/familiarity.hpp"
#include "surrogates/inference_module.hpp"

namespace residua {
namespace {

constexpr std::size_t kMaxWindows = 1024;
constexpr int kMaxMembers = 64;

template <class... Args>
void expect(bool ok, const std::string& where, fmt::format_string<Args...> what, Args&&... args) {
  if (!ok) throw Error(fmt::format("{}: {}", where, fmt::format(what, std::forward<Args>(args)...)));
}

void expect_size(const std::string& where, std::string_view what, std::size_t found, std::size_t expected) {
  expect(found == expected, where, "{}: expected {}, found {}", what, expected, found);
}

void expect_finite(const std::string& where, std::string_view what, std::span<const double> values) {
  for (std::size_t i = 0; i < values.size(); ++i)
    expect(std::isfinite(values[i]), where, "{}: expected finite numbers, found {} at {}", what, values[i], i);
}

void expect_variable(const std::string& where, std::string_view kind, const Variable& found, const Quantity& expected) {
  expect(found.name == expected.name, where, "{}: expected {}, found {}", kind, expected.name, found.name);
  expect(found.unit == expected.unit, where, "unit of {}: expected {}, found {}", found.name, expected.unit,
         found.unit);
  expect(std::isfinite(found.lower) && std::isfinite(found.upper) && found.lower < found.upper, where,
         "range of {}: expected lower < upper, found {} to {}", found.name, found.lower, found.upper);
}

std::vector<std::string_view> names_of(std::span<const Quantity> quantities) {
  std::vector<std::string_view> names;
  for (const Quantity& q : quantities) names.push_back(q.name);
  return names;
}

/// Position of a parameter of the physics.
int find_parameter(const PhysicsInfo& physics, std::string_view name, const std::string& where) {
  for (std::size_t q = 0; q < physics.params.size(); ++q)
    if (physics.params[q].name == name) return int(q);
  throw Error(fmt::format("{}: unknown parameter '{}': expected one of {}", where, name,
                          fmt::join(names_of(physics.params), ", ")));
}

void check_branch(const Model& model, const PhysicsInfo& physics, const std::string& where) {
  const MlpShape &branch = *model.branch, &trunk = model.shape;
  expect(trunk.inputs == physics.features, where, "inputs of the trunk: expected {}, one per feature, found {}",
         physics.features, trunk.inputs);
  expect(branch.inputs >= 1, where, "inputs of the branch: expected a design input, found {}", branch.inputs);
  expect(branch.width >= 1 && branch.width <= kMaxWidth, where, "width of the branch: expected 1 to {}, found {}",
         kMaxWidth, branch.width);
  expect(branch.depth >= 1 && branch.depth <= kMaxDepth, where, "depth of the branch: expected 1 to {}, found {}",
         kMaxDepth, branch.depth);
  const int last = trunk.outputs * (trunk.width + 1);
  expect(last <= kMaxWidth, where,
         "last layer of the trunk, for which the branch has an output each: expected at most {} weights and biases, "
         "found {}",
         kMaxWidth, last);
  expect(branch.outputs == last, where, "outputs of the branch: expected {}, found {}", last, branch.outputs);
}

void check_network(const Model& model, const PhysicsInfo& physics, std::size_t design, const std::string& where) {
  const MlpShape& shape = model.shape;
  const int inputs = physics.features + int(design);
  expect(inputs <= kMaxInputs, where, "inputs of the network: expected at most {}, found {}", kMaxInputs, inputs);
  expect(model.network().inputs() == inputs, where,
         "inputs of the network: expected {} ({} features and {} design inputs), found {}", inputs, physics.features,
         design, model.network().inputs());
  expect(shape.outputs == int(physics.fields.size()), where,
         "outputs of the network: expected {}, one per field, found {}", int(physics.fields.size()), shape.outputs);
  expect(shape.width >= 1 && shape.width <= kMaxWidth, where, "width of the network: expected 1 to {}, found {}",
         kMaxWidth, shape.width);
  expect(shape.depth >= 1 && shape.depth <= kMaxDepth, where, "depth of the network: expected 1 to {}, found {}",
         kMaxDepth, shape.depth);
  if (model.branch) check_branch(model, physics, where);
  const std::size_t windows = model.windows();
  const int members = model.card.members;
  expect(members >= 1 && members <= kMaxMembers, where, "members of the ensemble: expected 1 to {}, found {}",
         kMaxMembers, members);
  expect_size(where, "weights", model.weights.size(),
              std::size_t(members) * windows * std::size_t(model.network().parameters()));
  expect_size(where, "centers of the network inputs", model.center.size(), windows * std::size_t(inputs));
  expect_size(where, "scales of the network inputs", model.scale.size(), windows * std::size_t(inputs));
  expect_finite(where, "weights", model.weights);
  expect_finite(where, "centers of the network inputs", model.center);
  expect_finite(where, "scales of the network inputs", model.scale);
  for (double s : model.scale)
    expect(s > 0, where, "scales of the network inputs: expected positive ones, found {}", s);
}

void check_seams(const Model& model, const PhysicsInfo& physics, const std::string& where) {
  if (model.seams.empty()) return;
  expect(physics.coords[0].name == "time", where,
         "seams: expected a physics whose first coordinate is the time, found {}", physics.name);
  expect(model.seams.size() < kMaxWindows, where, "seams: expected at most {}, found {}", kMaxWindows - 1,
         model.seams.size());
  double last = model.card.inputs[0].lower;
  for (const double seam : model.seams) {
    expect(seam > last && seam < model.card.inputs[0].upper, where,
           "seams: expected rising times within the envelope, found {} after {}", seam, last);
    last = seam;
  }
}

void check_card(const Card& card, const PhysicsInfo& physics, const std::string& where) {
  const std::size_t coords = physics.coords.size();
  expect(card.inputs.size() >= coords, where, "inputs: expected at least the {} coordinates of {}, found {}", coords,
         card.physics, card.inputs.size());
  for (std::size_t c = 0; c < coords; ++c) expect_variable(where, "input", card.inputs[c], physics.coords[c]);
  std::vector<int> seen(physics.params.size());
  for (std::size_t i = coords; i < card.inputs.size(); ++i) {
    const int q = find_parameter(physics, card.inputs[i].name, where);
    expect_variable(where, "input", card.inputs[i], physics.params[q]);
    ++seen[q];
  }
  for (const FixedParameter& fixed : card.fixed) {
    const int q = find_parameter(physics, fixed.name, where);
    expect(fixed.unit == physics.params[q].unit, where, "unit of {}: expected {}, found {}", fixed.name,
           physics.params[q].unit, fixed.unit);
    expect(std::isfinite(fixed.value), where, "{}: expected a finite number, found {}", fixed.name, fixed.value);
    ++seen[q];
  }
  for (std::size_t q = 0; q < seen.size(); ++q)
    expect(seen[q] == 1, where, "parameter {}: expected once among design inputs and fixed parameters, found {} times",
           physics.params[q].name, seen[q]);
  expect_size(where, "outputs", card.outputs.size(), physics.outputs.size());
  for (std::size_t o = 0; o < card.outputs.size(); ++o)
    expect_variable(where, "output", card.outputs[o], physics.outputs[o]);
}

void check_records(const Card& card, const std::string& where) {
  const Validation& validation = card.validation;
  expect(validation.cases >= 0, where, "validation cases: expected none or more, found {}", validation.cases);
  if (!validation.outputs.empty())
    expect_size(where, "validation errors, one per output", validation.outputs.size(), card.outputs.size());
  expect(validation.coverage >= 0 && validation.coverage < 1, where,
         "coverage of the validation bounds: expected 0 to 1, found {}", validation.coverage);
  for (const OutputError& e : validation.outputs)
    for (double error : {e.median, e.worst, e.default_case, e.max_abs, e.bound, e.covered})
      expect(std::isfinite(error) && error >= 0, where, "validation errors: expected finite ones from 0, found {}",
             error);
  const Provenance& provenance = card.provenance;
  expect(std::isfinite(provenance.training_seconds) && provenance.training_seconds >= 0, where,
         "training seconds: expected a finite number from 0, found {}", provenance.training_seconds);
  for (const LossPoint& p : provenance.loss_history)
    expect(std::isfinite(p.step) && std::isfinite(p.loss), where, "loss history: expected finite numbers");
}

/// The parameters of the perceptron that a branch makes of a trunk at these parameters of the physics.
std::vector<double> completed_by_branch(const NetworkShape& shape, const Network<double>& network,
                                        const std::vector<double>& params, const std::vector<int>& design) {
  using Value = Taylor<double, Channels{}>;
  Value seen[kMaxInputs], last[kMaxWidth];
  for (int d = 0; d < shape.branch->inputs; ++d) {
    const int input = shape.trunk.inputs + d;
    seen[d] = Value((params[design[d]] - network.center[input]) * network.scale[input]);
  }
  mlp(*shape.branch, network.weights + shape.shared(), seen, last);
  std::vector<double> weights(network.weights, network.weights + shape.shared());
  for (int k = 0; k < shape.branch->outputs; ++k) weights.push_back(last[k].e[0]);
  return weights;
}

}  // namespace

Model new_model(std::string_view physics, std::span<const std::string> design, int width, int depth,
                Activation activation) {
  const PhysicsInfo& info = find_physics(physics);
  const auto variable = [](const Quantity& q) {
    return Variable{std::string(q.name), std::string(q.unit), q.lower, q.upper};
  };
  Model model;
  model.card.physics = physics;
  for (const Quantity& q : info.coords) model.card.inputs.push_back(variable(q));
  for (const std::string& name : design)
    model.card.inputs.push_back(variable(info.params[find_parameter(info, name, std::string(physics))]));
  for (const Quantity& q : info.params)
    if (std::find(design.begin(), design.end(), q.name) == design.end())
      model.card.fixed.push_back({std::string(q.name), std::string(q.unit), q.value});
  for (const Quantity& q : info.outputs) model.card.outputs.push_back(variable(q));
  model.shape = {info.features + int(design.size()), width, depth, int(info.fields.size()), activation};
  if (width >= 1 && width <= kMaxWidth && depth >= 1 && depth <= kMaxDepth)
    model.weights.resize(model.shape.parameters());
  model.center.assign(model.shape.inputs, 0);
  model.scale.assign(model.shape.inputs, 1);
  check_network(model, info, design.size(), std::string(physics));
  return model;
}

void add_branch(Model& model, int width, int depth) {
  const PhysicsInfo& physics = find_physics(model.card.physics);
  const int design = int(model.card.inputs.size() - physics.coords.size());
  model.shape.inputs -= design;
  model.branch = NetworkShape::branch_of(model.shape, design, width, depth);
  if (width >= 1 && width <= kMaxWidth && depth >= 1 && depth <= kMaxDepth)
    model.weights.assign(std::size_t(model.network().parameters()), 0);
  check_network(model, physics, std::size_t(design), model.card.physics);
}

void check(const Model& model, const std::string& where) {
  const PhysicsInfo& physics = find_physics(model.card.physics);
  check_card(model.card, physics, where);
  check_seams(model, physics, where);
  check_network(model, physics, model.card.inputs.size() - physics.coords.size(), where);
  check_records(model.card, where);
  const Familiarity experience(model.card, where);  // refuses one that it cannot use
}

std::size_t window_at(std::span<const double> seams, double time) noexcept {
  std::size_t window = 0;
  while (window < seams.size() && time > seams[window]) ++window;
  return window;
}

std::vector<int> design_positions(const Model& model, const PhysicsInfo& physics) {
  std::vector<int> positions;
  for (std::size_t i = physics.coords.size(); i < model.card.inputs.size(); ++i)
    positions.push_back(find_parameter(physics, model.card.inputs[i].name, model.card.physics));
  return positions;
}

std::vector<double> input_units(const Model& model, const PhysicsInfo& physics) {
  std::vector<double> units;
  for (const Quantity& q : physics.coords) units.push_back(q.scale);
  for (const int q : design_positions(model, physics)) units.push_back(physics.params[std::size_t(q)].scale);
  return units;
}

std::vector<double> fixed_parameters(const Model& model, const PhysicsInfo& physics) {
  std::vector<double> params(physics.params.size());
  for (const FixedParameter& fixed : model.card.fixed) {
    const int q = find_parameter(physics, fixed.name, model.card.physics);
    params[q] = fixed.value / physics.params[q].scale;
  }
  return params;
}

std::vector<double> reference_outputs(const Model& model, std::span<const double> inputs) {
  const PhysicsInfo& physics = find_physics(model.card.physics);
  expect_size(model.card.physics, "inputs", inputs.size(), model.card.inputs.size());
  const std::vector<int> design = design_positions(model, physics);
  const InModule in = module_of(physics.name);
  const std::size_t coords = physics.coords.size();
  std::vector<double> x(coords), params = fixed_parameters(model, physics);
  for (std::size_t c = 0; c < coords; ++c) x[c] = inputs[c] / physics.coords[c].scale;
  for (std::size_t d = 0; d < design.size(); ++d)
    params[design[d]] = inputs[coords + d] / physics.params[design[d]].scale;

  const NetworkShape shape = model.network();
  const std::size_t window = window_at(model.seams, inputs[0]), first_input = window * std::size_t(shape.inputs());
  std::vector<double> mean(physics.outputs.size());
  for (int member = 0; member < model.card.members; ++member) {
    const std::size_t part = std::size_t(member) * model.windows() + window;
    Network<double> network{model.shape, &model.weights[part * std::size_t(shape.parameters())],
                            &model.center[first_input], &model.scale[first_input]};
    std::vector<double> completed;
    if (model.branch) {
      completed = completed_by_branch(shape, network, params, design);
      network.weights = completed.data();
    }
    const std::vector<double> outputs = in.module.outputs(in.physics, {network, x, params, design});
    for (std::size_t e = 0; e < mean.size(); ++e) mean[e] += outputs[e] * physics.outputs[e].scale / model.card.members;
  }
  return mean;
}

}  // namespace residua
