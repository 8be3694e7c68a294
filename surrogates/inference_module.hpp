#pragma once
#include <span>
#include <string_view>
#include <vector>

#include "kernels/catalog.hpp"
#include "surrogates/evaluator.hpp"
#include "surrogates/plain.hpp"

namespace residua {

struct EndsToRecord;
struct RecordedAnswer;
class Tape;

/// How one physics is evaluated in the precision S.
template <class S>
struct Evaluation {
  const Evaluator<S>* evaluator;
  const Adjoint<S>* adjoint;
  const Passes<S>* passes;
};

/// Physics and what inference needs of them: the registry, or what a program has added to it. Functions name a physics
/// by its position in the module.
struct InferenceModule {
  Evaluation<float> (*single)(int physics);
  Evaluation<double> (*twice)(int physics);
  Equations (*equations)(int physics);
  std::vector<double> (*outputs)(int physics, const PlainPoint& point);
  /// As record_ends(). Null for the registry: the library that evaluates surrogates does not carry what writes them.
  RecordedAnswer (*record)(int physics, const EndsToRecord& ends, Tape& tape);
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
