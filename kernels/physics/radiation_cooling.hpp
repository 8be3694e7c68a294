#pragma once
#include "kernels/core/physics.hpp"

namespace residua::inline RESIDUA_ISA::physics {

/// A body of one temperature that exchanges heat with its surroundings by radiation:
///
///   T' + K (T^4 - Ts^4) = 0,   T(0) = Ti,   K = emissivity * sigma * area / heat capacity
///
/// T in 1000 K, t in units of 100 s. A bed in plug flow under a radiator of constant temperature follows the same law
/// with t = distance over speed. The residual is divided by the fastest rates there are.
struct RadiationCooling {
  static constexpr std::string_view name = "radiation_cooling", summary = "a lumped body that cools by radiation";
  enum Coord { t, kCoords };
  enum Param { K, Ti, Ts, kParams };
  enum Field { T, kFields };
  static constexpr Quantity coords[] = {{"time", "s", "since the body was put there", 100, 100, 0, 300}};
  static constexpr Quantity params[] = {
      {"rate", "1/K3s", "emissivity times sigma times area over heat capacity", 1e-11, 1e-11, 0.2e-11, 5e-11,
       Domain::positive},
      {"initial_temperature", "K", "of the body", 1000, 1200, 600, 1500, Domain::positive},
      {"surroundings", "K", "temperature that the body sees", 1000, 300, 250, 500}};
  static constexpr Quantity fields[] = {{"temperature", "K", "of the body", 1000, 0, 250, 1500}};

  struct Interior {
    static constexpr std::string_view name = "interior";
    static constexpr Side region[] = {Side::inside};
    template <class S, class U>
    RESIDUA_HD static constexpr auto residual(const S* p, const U& u) {
      const auto squared = u[T] * u[T];
      const S hot = p[Ti] * p[Ti], cold = p[Ts] * p[Ts];
      return rows((u.d(T, t) / p[K] + squared * squared - cold * cold) / (hot * hot + cold * cold));
    }
  };
  using Terms = std::tuple<Interior>;

  /// Time in units of the fastest rate, by which a body in the cold of space would cool as its cube root.
  template <class X, class S>
  RESIDUA_HD static constexpr X pace(const X* at, const S* p) {
    return at[t] * (3 * p[K] * (p[Ti] * p[Ti] * p[Ti] + p[Ts] * p[Ts] * p[Ts]));
  }

  /// Cooling spans decades of time: the network sees their number.
  template <class X, class S>
  RESIDUA_HD static constexpr auto features(const X* at, const S* p) {
    return rows(log(1 + pace(at, p)));
  }

  /// The start holds.
  template <class X, class S, class N>
  RESIDUA_HD static constexpr auto transform(const X* at, const S* p, const N* net) {
    const X late = pace(at, p);
    return rows(late / (1 + late) * (p[Ts] - p[Ti]) * net[T] + p[Ti]);
  }

  static auto exact() {
    return std::tuple{ExactCase{"into the cold of space",
                                {2, 1.1, 0},
                                [](const auto* at, auto* f) {
                                  // (Ti^-3 + 3 K t)^(-1/3)
                                  f[T] = exp(log(at[t] * 6 + 1 / (1.1 * 1.1 * 1.1)) * (-1. / 3));
                                }},
                      ExactCase{"equilibrium", {2, 0.7, 0.7}, [](const auto*, auto* f) { f[T] = 0.7; }}};
  }
};

}  // namespace residua::inline RESIDUA_ISA::physics
