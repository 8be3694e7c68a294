#include "surrogates/cuda/batch_tables.hpp"

#include "kernels/core/error.hpp"

namespace residua::cuda {

template <class S>
BatchTables<S> BatchTables<S>::of(const Model& model, const std::string& where) {
  if (model.branch)
    throw Error(where + ": has a branch: expected a single perceptron, which is all that a GPU answers");
  const PhysicsInfo& physics = find_physics(model.card.physics);
  BatchTables t;
  t.sizes.shape = model.shape;
  t.sizes.inputs = int(model.card.inputs.size());
  t.sizes.coords = int(physics.coords.size());
  t.sizes.outputs = int(physics.outputs.size());
  t.sizes.members = model.card.members;
  t.sizes.windows = int(model.windows());
  t.sizes.parameters = model.shape.parameters();
  const auto narrowed = [](const std::vector<double>& values) { return std::vector<S>(values.begin(), values.end()); };
  t.weights = narrowed(model.weights);
  t.center = narrowed(model.center);
  t.scale = narrowed(model.scale);
  t.params = narrowed(fixed_parameters(model, physics));
  t.design_row.assign(physics.params.size(), -1);
  const std::vector<int> design = design_positions(model, physics);
  for (std::size_t d = 0; d < design.size(); ++d) t.design_row[std::size_t(design[d])] = int(d);
  t.ranges = input_ranges(model, physics);
  for (const Quantity& q : physics.outputs) t.output_units.push_back(q.scale);
  t.seams = model.seams;
  return t;
}
template struct BatchTables<float>;
template struct BatchTables<double>;

}  // namespace residua::cuda
