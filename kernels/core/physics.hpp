#pragma once
#include <string_view>
#include <tuple>
#include <utility>

#include "kernels/core/jet.hpp"
#include "kernels/core/quantity.hpp"

namespace residua::inline RESIDUA_ISA {

/// Where along a coordinate a term of the loss is sampled: between its limits, or at one of them.
enum class Side { inside, lower, upper };

/// A closed-form solution of a physics, and the (dimensionless) parameters for which it solves every term in `terms`.
/// `solution(x, f)` writes the fields f at the coordinates x, both Taylor scalars of double.
template <int Params, class F>
struct ExactCase {
  std::string_view name;
  double params[Params];
  F solution;
  std::string_view terms = "";  ///< the boundary terms it satisfies besides the interior, separated by spaces
};
template <int Params, class F>
ExactCase(std::string_view, const double (&)[Params], F) -> ExactCase<Params, F>;
template <int Params, class F>
ExactCase(std::string_view, const double (&)[Params], F, std::string_view) -> ExactCase<Params, F>;

// A physics is a struct with
//   name, summary           what `residua list` prints; the equation itself stands above the struct
//   Coord, Param, Field     enumerations, each ending in its count: kCoords, kParams, kFields
//   coords, params, fields  tables of Quantity in that order
//   Terms                   std::tuple of the terms of its loss, the interior first; a term is a struct with
//                             name, region[kCoords], residual(p, u) -> rows
// and, where the defaults below do not serve,
//   features(x, p)          what the network sees of the coordinates: rows of Taylor scalars; default: the coordinates
//   transform(x, p, net)    fields from network outputs, satisfying conditions exactly; default: the outputs themselves
//   outputs, observe(p, u)  what the surrogate answers: table of Quantity, and rows from the jet; default: the fields
//   states, exact()         of a step: the parameter that holds each output at the start; ExactCases, for the tests
//   ill_posed(p)            the condition that parameters break, as a text with their names, or nullptr; on the host
//   grading                 the power of an even spread by which times are drawn: above 1 for abrupt starts

template <class Ph, class T, Channels C>
RESIDUA_HD constexpr auto features_of(const Taylor<T, C>* x, const T* p) {
  if constexpr (requires { Ph::features(x, p); }) {
    return Ph::features(x, p);
  } else {
    Rows<Taylor<T, C>, Ph::kCoords> f;
    for (int c = 0; c < Ph::kCoords; ++c) f[c] = x[c];
    return f;
  }
}

template <class Ph>
inline constexpr int kFeatures = [] {
  using X = Taylor<double, Channels{}>;
  return decltype(features_of<Ph>(std::declval<const X*>(), std::declval<const double*>()))::kCount;
}();

/// Fields from network outputs. D is T itself, or a dual of T that tracks the outputs.
template <class Ph, class T, class D, Channels C>
RESIDUA_HD constexpr Rows<Taylor<D, C>, Ph::kFields> transform_of(const Taylor<T, C>* x, const T* p,
                                                                  const Taylor<D, C>* net) {
  if constexpr (requires { Ph::transform(x, p, net); }) {
    return Ph::transform(x, p, net);
  } else {
    Rows<Taylor<D, C>, Ph::kFields> f;
    for (int k = 0; k < Ph::kFields; ++k) f[k] = net[k];
    return f;
  }
}

/// What a surrogate of the physics answers, as a term without a region: it shares the machinery of residuals.
template <class Ph>
struct Answer {
  static constexpr std::string_view name = "answer";
  template <class T, class U>
  RESIDUA_HD static constexpr auto residual(const T* p, const U& u) {
    if constexpr (requires { Ph::observe(p, u); }) {
      return Ph::observe(p, u);
    } else {
      Rows<typename U::Scalar, Ph::kFields> f{};
      for (int k = 0; k < Ph::kFields; ++k) f[k] = u[k];
      return f;
    }
  }
};

template <class Ph>
constexpr const auto& outputs_of() {
  if constexpr (requires { Ph::outputs; })
    return Ph::outputs;
  else
    return Ph::fields;
}

/// The derivatives that a term reads, found by running it at compile time on a scalar that only takes notes.
template <class Ph, class Term>
inline constexpr Channels kChannelsOf = [] {
  ChannelUse use;
  const Trace p[Ph::kParams]{};
  (void)Term::residual(p, TraceJet{&use});
  return use.channels();
}();

template <class Ph, class Term>
inline constexpr int kEquationsOf = decltype(Term::residual(std::declval<const Trace*>(), TraceJet{}))::kCount;

template <class Ph>
inline constexpr int kTerms = std::tuple_size_v<typename Ph::Terms>;

/// Calls f.template operator()<Term>() for every term of the physics.
template <class Ph, class F>
constexpr void for_each_term(F&& f) {
  [&]<class... Term>(std::tuple<Term...>*) {
    (f.template operator()<Term>(), ...);
  }(static_cast<typename Ph::Terms*>(nullptr));
}

}  // namespace residua::inline RESIDUA_ISA
