#pragma once
#include "kernels/physics/kdv.hpp"

namespace residua::inline RESIDUA_ISA::physics {

/// Kdv with its conditions built in: the network sees cos(pi x) and sin(pi x), so that the solution is periodic, and
/// the start u(0, x) = cos(pi x) holds exactly.
struct KdvPeriodic : Kdv {
  static constexpr std::string_view name = "kdv_periodic", summary = "Korteweg-de Vries waves, conditions built in";
  using Terms = std::tuple<Interior>;

  template <class X, class S>
  RESIDUA_HD static constexpr auto features(const X* at, const S*) {
    return rows(at[t], cos(at[x] * number<S>(kPi)), sin(at[x] * number<S>(kPi)));
  }
  template <class X, class S, class N>
  RESIDUA_HD static constexpr auto transform(const X* at, const S*, const N* net) {
    return rows(cos(at[x] * number<S>(kPi)) + at[t] * net[w]);
  }
};

}  // namespace residua::inline RESIDUA_ISA::physics
