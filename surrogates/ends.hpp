#pragma once
#include <algorithm>

#include "kernels/head.hpp"
#include "surrogates/evaluator.hpp"

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

/// Channels of the network that the answer of a physics reads, and its outputs.
template <class Ph>
inline constexpr Channels kAnswerChannels = kChannelsOf<Ph, Answer<Ph>>;
template <class Ph>
inline constexpr int kOutputs = kEquationsOf<Ph, Answer<Ph>>;

/// Rows of its Jacobian that go back through the network together: as many as the stack has room for.
template <class Ph>
inline constexpr int kTogether = std::min({kOutputs<Ph>, 4, 10 / kAnswerChannels<Ph>.count});

/// Entries as the passes take and give them: the types of two instruction sets differ in their names alone.
template <class T, Channels C>
Base<T>* flat(Taylor<T, C>* entries) {
  static_assert(sizeof(Taylor<T, C>) == C.count * sizeof(T) && alignof(Taylor<T, C>) == alignof(Base<T>));
  return reinterpret_cast<Base<T>*>(entries);
}

}  // namespace residua::inline RESIDUA_ISA
