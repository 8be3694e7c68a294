// Compiled for the first instruction set only.
#include "surrogates/evaluator.hpp"

#include "kernels/core/pack.hpp"
#include "kernels/registry.hpp"
#include "surrogates/ends.hpp"

namespace residua {
namespace {

template <class Ph, class S>
class PhysicsEvaluator {
  template <class T>
  using Ends = Head<Ph, Answer<Ph>, T>;
  static constexpr int kChannels = kAnswerChannels<Ph>.count;

 public:
  static void point(const Plan<S>& plan, const S* in, S* out) {
    const auto head = head_at<Ph, Answer<Ph>, S>(plan, [&](int i) { return in[i]; });
    typename Ends<S>::Entry seen[kMaxInputs], net[Ph::kFields];
    network_inputs(plan, head, seen);
    plan.passes->point(plan, flat(seen), flat(net));
    const auto y = head.residual(net);
    for (int e = 0; e < kOutputs<Ph>; ++e) out[e] = y[e];
  }

  static void block(const Plan<S>& plan, const S* in, S* out) {
    using V = Pack<S>;
    alignas(64) S seen[kMaxInputs * kChannels * kBlock], net[Ph::kFields * kChannels * kBlock];
    Ends<V> head[kBlock / V::kLanes];
    for (int at = 0; at < kBlock; at += V::kLanes) {
      Ends<V>& here = head[at / V::kLanes];
      here = head_at<Ph, Answer<Ph>, V>(plan, [&](int i) { return V::load(in + i * kBlock + at); });
      typename Ends<V>::Entry entry[kMaxInputs];
      network_inputs(plan, here, entry);
      for (int row = 0; row < plan.inputs() * kChannels; ++row)
        entry[row / kChannels].e[row % kChannels].store(seen + row * kBlock + at);
    }
    plan.passes->block(plan, seen, net);
    for (int at = 0; at < kBlock; at += V::kLanes) {
      typename Ends<V>::Entry entry[Ph::kFields];
      for (int row = 0; row < Ph::kFields * kChannels; ++row)
        entry[row / kChannels].e[row % kChannels] = V::load(net + row * kBlock + at);
      const auto y = head[at / V::kLanes].residual(entry);
      for (int e = 0; e < kOutputs<Ph>; ++e) y[e].store(out + e * kBlock + at);
    }
  }
};

template <class Ph, class S>
constexpr Evaluator<S> kEvaluator = {PhysicsEvaluator<Ph, S>::point, PhysicsEvaluator<Ph, S>::block};

}  // namespace

template <class S>
const Evaluator<S>* evaluator(int physics) {
  const Evaluator<S>* found = nullptr;
  visit_physics(physics, [&]<class Ph>() { found = &kEvaluator<Ph, S>; });
  return found;
}
template const Evaluator<float>* evaluator(int);
template const Evaluator<double>* evaluator(int);

}  // namespace residua
