// Compiled once per instruction set.
#include "surrogates/evaluator.hpp"

#include "kernels/registry.hpp"
#include "surrogates/answer.hpp"

namespace residua::inline RESIDUA_ISA {

template <class Ph, class S>
class PhysicsEvaluator {
  static constexpr Channels kChannels = kChannelsOf<Ph, Answer<Ph>>;
  static constexpr int kOutputs = kEquationsOf<Ph, Answer<Ph>>;

 public:
  static void point(const Plan<S>& plan, const S* in, S* out) {
    const auto y = answer<Ph, S>(plan, [&](int i) { return in[i]; });
    for (int e = 0; e < kOutputs; ++e) out[e] = y[e];
  }

  static void block(const Plan<S>& plan, const S* in, S* out) {
    using V = Pack<S>;
    if constexpr (Layers<V, kChannels>::kStackBytes <= kStackLimit) {
      for (int at = 0; at < kBlock; at += V::kLanes) {
        const auto y = answer<Ph, V>(plan, [&](int i) { return V::load(in + i * kBlock + at); });
        for (int e = 0; e < kOutputs; ++e) y[e].store(out + e * kBlock + at);
      }
    } else {
      for (int at = 0; at < kBlock; ++at) {
        const auto y = answer<Ph, S>(plan, [&](int i) { return in[i * kBlock + at]; });
        for (int e = 0; e < kOutputs; ++e) out[e * kBlock + at] = y[e];
      }
    }
  }
};

template <class Ph, class S>
inline constexpr Evaluator<S> kEvaluator = {PhysicsEvaluator<Ph, S>::point, PhysicsEvaluator<Ph, S>::block};

}  // namespace residua::inline RESIDUA_ISA

namespace residua::RESIDUA_ISA {

template <class S>
const Evaluator<S>* evaluator(int physics) {
  const Evaluator<S>* found = nullptr;
  visit_physics(physics, [&]<class Ph>() { found = &kEvaluator<Ph, S>; });
  return found;
}
template const Evaluator<float>* evaluator(int);
template const Evaluator<double>* evaluator(int);

}  // namespace residua::RESIDUA_ISA
