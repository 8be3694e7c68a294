#include "surrogates/recorded_answer.hpp"

#include "surrogates/inference_module.hpp"

namespace residua {

RecordedAnswer record_answer(const Model& model, Tape& tape) {
  const PhysicsInfo& physics = find_physics(model.card.physics);
  const InModule in = module_of(physics.name);
  const EndsToRecord ends{model.shape, design_positions(model, physics), fixed_parameters(model, physics)};
  return (in.module.record ? in.module.record : record_ends)(in.physics, ends, tape);
}

}  // namespace residua
