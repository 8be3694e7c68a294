#pragma once
#include "kernels/head.hpp"
#include "surrogates/layers.hpp"

namespace residua::inline RESIDUA_ISA {

/// The ends of the network of a physics where `input(i)` gives its inputs: coordinates, then design inputs.
template <class Ph, class T, class Input>
Head<Ph, Answer<Ph>, T> head_at(const Plan<Base<T>>& plan, Input&& input) {
  Head<Ph, Answer<Ph>, T> head;
  for (int c = 0; c < Ph::kCoords; ++c) head.x[c] = input(c);
  for (int q = 0; q < Ph::kParams; ++q) head.p[q] = T(plan.params[q]);
  for (int d = 0; d < plan.design_count; ++d) head.p[plan.design[d]] = input(Ph::kCoords + d);
  return head;
}

/// The inputs of layer 0.
template <class Ph, class T>
void network_inputs(const Plan<Base<T>>& plan, const Head<Ph, Answer<Ph>, T>& head,
                    typename Head<Ph, Answer<Ph>, T>::Entry* in) {
  head.inputs(
      plan.network, plan.design_count, [&](int d) { return head.p[plan.design[d]]; }, in);
}

/// What the surrogate of a physics answers there.
template <class Ph, class T, class Input>
auto answer(const Plan<Base<T>>& plan, Input&& input) {
  using H = Head<Ph, Answer<Ph>, T>;
  const H head = head_at<Ph, T>(plan, input);
  typename H::Entry in[kMaxInputs], net[Ph::kFields];
  network_inputs(plan, head, in);
  Layers<T, H::kChannels>::run(plan, in, net);
  return head.residual(net);
}

}  // namespace residua::inline RESIDUA_ISA
