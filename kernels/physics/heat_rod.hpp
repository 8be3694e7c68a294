#pragma once
#include "kernels/core/physics.hpp"
#include "kernels/core/special.hpp"

namespace residua::inline RESIDUA_ISA::physics {

/// Heat along a rod with cold ends:
///
///   T_t - a T_xx = 0,   T(0, x) = sin(pi x),   T(t, 0) = T(t, 1) = 0
struct HeatRod {
  static constexpr std::string_view name = "heat_rod", summary = "heat along a rod with cold ends";
  enum Coord { t, x, kCoords };
  enum Param { a, kParams };
  enum Field { T, kFields };
  static constexpr Quantity coords[] = {{"time", "-", "time over reference time", 1, 0.5, 0, 1},
                                        {"position", "-", "position over length", 1, 0.5, 0, 1}};
  static constexpr Quantity params[] = {
      {"diffusivity", "-", "diffusivity times reference time over length squared", 1, 0.1, 0.05, 0.2}};
  static constexpr Quantity fields[] = {{"temperature", "-", "temperature over initial peak", 1, 0, 0, 1}};

  struct Interior {
    static constexpr std::string_view name = "interior";
    static constexpr Side region[] = {Side::inside, Side::inside};
    template <class S, class U>
    RESIDUA_HD static constexpr auto residual(const S* p, const U& u) {
      return rows(u.d(T, t) - p[a] * u.d(T, x, x));
    }
  };
  using Terms = std::tuple<Interior>;

  template <class X, class S, class N>
  RESIDUA_HD static constexpr auto transform(const X* at, const S*, const N* net) {
    return rows(sin(at[x] * number<S>(kPi)) + at[t] * at[x] * (1 - at[x]) * net[T]);
  }

  static auto exact() {
    return std::tuple{ExactCase{"first mode decays", {0.1}, [](const auto* at, auto* f) {
                                  f[T] = exp(at[t] * (-0.1 * kPi * kPi)) * sin(at[x] * kPi);
                                }}};
  }
};

}  // namespace residua::inline RESIDUA_ISA::physics
