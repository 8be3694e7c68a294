#pragma once
#include "kernels/physics/burgers.hpp"

namespace residua::inline RESIDUA_ISA::physics {

/// Burgers with its wave seen as periodic: the network sees cos(pi x) and sin(pi x), which its start -sin(pi x) allows.
/// A solution that starts odd stays odd, so it is zero at the walls and at x = 0, which the factor sin(pi x) sees to:
/// there the front stands, and an error of its place would be magnified by its slope.
struct BurgersPeriodic : Burgers {
  static constexpr std::string_view name = "burgers_periodic",
                                    summary = "a steepening wave, periodic: viscous Burgers equation";

  template <class X, class S>
  RESIDUA_HD static constexpr auto features(const X* at, const S*) {
    return rows(at[t], cos(at[x] * number<S>(kPi)), sin(at[x] * number<S>(kPi)));
  }
  template <class X, class S, class N>
  RESIDUA_HD static constexpr auto transform(const X* at, const S*, const N* net) {
    return rows((at[t] * net[w] - 1) * sin(at[x] * number<S>(kPi)));
  }
};

}  // namespace residua::inline RESIDUA_ISA::physics
