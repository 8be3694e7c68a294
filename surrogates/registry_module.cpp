// The physics of the registry, each with the evaluators of the instruction set in use.
#include "kernels/fused.hpp"
#include "kernels/isa.hpp"
#include "surrogates/inference_module.hpp"

namespace residua {

namespace baseline {
template <class S>
const Evaluator<S>* evaluator(int physics);
template <class S>
const Adjoint<S>* adjoint(int physics);
}  // namespace baseline
namespace avx2 {
template <class S>
const Evaluator<S>* evaluator(int physics);
template <class S>
const Adjoint<S>* adjoint(int physics);
}  // namespace avx2
namespace avx512 {
template <class S>
const Evaluator<S>* evaluator(int physics);
template <class S>
const Adjoint<S>* adjoint(int physics);
}  // namespace avx512

namespace {

template <class S>
Evaluation<S> active_evaluation(int physics) {
  const std::string_view isa = active_isa();
  if constexpr (isa_is_built("avx512"))
    if (isa == "avx512") return {avx512::evaluator<S>(physics), avx512::adjoint<S>(physics)};
  if constexpr (isa_is_built("avx2"))
    if (isa == "avx2") return {avx2::evaluator<S>(physics), avx2::adjoint<S>(physics)};
  if constexpr (isa_is_built("baseline"))
    if (isa == "baseline") return {baseline::evaluator<S>(physics), baseline::adjoint<S>(physics)};
  return {};
}

}  // namespace

InferenceModule registry_module() {
  return {active_evaluation<float>, active_evaluation<double>, plain_equations, plain_outputs, nullptr};
}

}  // namespace residua
