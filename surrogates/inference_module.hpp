#pragma once
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

#include "kernels/catalog.hpp"
#include "surrogates/evaluator.hpp"
#include "surrogates/plain.hpp"

namespace residua {

struct EndsToRecord;
struct RecordedAnswer;
class Tape;

/// Physics and what inference needs of them, compiled together for one instruction set: the registry, or what a program
/// has added to it. Functions name a physics by its position in the module.
struct InferenceModule {
  const Evaluator<float>* (*single_evaluator)(int physics);
  const Adjoint<float>* (*single_adjoint)(int physics);
  const Evaluator<double>* (*double_evaluator)(int physics);
  const Adjoint<double>* (*double_adjoint)(int physics);
  Equations (*equations)(int physics);
  std::vector<double> (*outputs)(int physics, const PlainPoint& point);
  /// As record_ends(). Null for the registry: the library that evaluates surrogates does not carry what writes them.
  RecordedAnswer (*record)(int physics, const EndsToRecord& ends, Tape& tape);

  template <class S>
  const Evaluator<S>* evaluator(int physics) const {
    if constexpr (std::is_same_v<S, float>)
      return single_evaluator(physics);
    else
      return double_evaluator(physics);
  }
  template <class S>
  const Adjoint<S>* adjoint(int physics) const {
    if constexpr (std::is_same_v<S, float>)
      return single_adjoint(physics);
    else
      return double_adjoint(physics);
  }
};

/// The registry, for the instruction set in use.
InferenceModule registry_module();

/// Adds the physics of a module, which has to outlive this program, to those that surrogates may be of. To be called as
/// add_to_catalog() says. Throws Error if there is a physics of that name.
[[gnu::visibility("default")]] void add_inference(std::span<const PhysicsInfo> physics, const InferenceModule& module);

/// The module that a physics belongs to, and its position there. Throws Error, listing the known names, if there is
/// none of that name.
struct InModule {
  const InferenceModule& module;
  int physics;
};
[[gnu::visibility("default")]] InModule module_of(std::string_view physics);

}  // namespace residua
