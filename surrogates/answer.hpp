#pragma once
#include "kernels/head.hpp"
#include "surrogates/layers.hpp"

namespace residua::inline RESIDUA_ISA {

/// The ends of the network of a physics and a term where `input(i)` gives its inputs: coordinates, then design inputs.
template <class Ph, class Term, class T, class Input>
Head<Ph, Term, T> head_at(const Plan<Base<T>>& plan, Input&& input) {
  Head<Ph, Term, T> head;
  for (int c = 0; c < Ph::kCoords; ++c) head.x[c] = input(c);
  for (int q = 0; q < Ph::kParams; ++q) head.p[q] = T(plan.params[q]);
  for (int d = 0; d < plan.design_count; ++d) head.p[plan.design[d]] = input(Ph::kCoords + d);
  return head;
}

/// The inputs of layer 0.
template <class Ph, class Term, class T>
void network_inputs(const Plan<Base<T>>& plan, const Head<Ph, Term, T>& head, typename Head<Ph, Term, T>::Entry* in) {
  head.inputs(
      plan.network, plan.design_count, [&](int d) { return head.p[plan.design[d]]; }, in);
}

/// The rows of a term there.
template <class Ph, class Term, class T, class Input>
auto rows_at(const Plan<Base<T>>& plan, Input&& input) {
  using H = Head<Ph, Term, T>;
  const H head = head_at<Ph, Term, T>(plan, input);
  typename H::Entry in[kMaxInputs], net[Ph::kFields];
  network_inputs(plan, head, in);
  Layers<T, H::kChannels>::run(plan, in, net);
  return head.residual(net);
}

/// What the surrogate of a physics answers there.
template <class Ph, class T, class Input>
auto answer(const Plan<Base<T>>& plan, Input&& input) {
  return rows_at<Ph, Answer<Ph>, T>(plan, input);
}

}  // namespace residua::inline RESIDUA_ISA
