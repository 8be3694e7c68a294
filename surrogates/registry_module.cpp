// The physics of the registry, each with the passes of the instruction set in use.
#include "kernels/fused.hpp"
#include "kernels/isa.hpp"
#include "surrogates/inference_module.hpp"

namespace residua {

namespace baseline {
template <class S>
const Passes<S>* passes(int physics);
}  // namespace baseline
namespace avx2 {
template <class S>
const Passes<S>* passes(int physics);
}  // namespace avx2
namespace avx512 {
template <class S>
const Passes<S>* passes(int physics);
}  // namespace avx512

namespace {

template <class S>
const Passes<S>* active_passes(int physics) {
  const std::string_view isa = active_isa();
  if constexpr (isa_is_built("avx512"))
    if (isa == "avx512") return avx512::passes<S>(physics);
  if constexpr (isa_is_built("avx2"))
    if (isa == "avx2") return avx2::passes<S>(physics);
  if constexpr (isa_is_built("baseline"))
    if (isa == "baseline") return baseline::passes<S>(physics);
  return nullptr;
}

template <class S>
Evaluation<S> evaluation(int physics) {
  return {evaluator<S>(physics), adjoint<S>(physics), active_passes<S>(physics)};
}

}  // namespace

InferenceModule registry_module() {
  return {evaluation<float>, evaluation<double>, plain_equations, plain_outputs, nullptr};
}

}  // namespace residua
