#pragma once
#include "kernels/core/physics.hpp"
#include "kernels/core/special.hpp"

namespace residua::inline RESIDUA_ISA::physics {

/// Burgers' equation, the usual benchmark of steepening transport:
///
///   u_t + u u_x - nu u_xx = 0,   u(0, x) = -sin(pi x),   u(t, -1) = u(t, 1) = 0
struct Burgers {
  static constexpr std::string_view name = "burgers", summary = "a steepening wave: viscous Burgers equation";
  enum Coord { t, x, kCoords };
  enum Param { nu, kParams };
  enum Field { w, kFields };
  static constexpr Quantity coords[] = {{"time", "-", "time", 1, 0.5, 0, 1},
                                        {"position", "-", "position", 1, 0, -1, 1}};
  static constexpr Quantity params[] = {{"viscosity", "-", "viscosity", 1, 0.01 / kPi, 0.003, 0.1, Domain::positive}};
  static constexpr Quantity fields[] = {{"velocity", "-", "velocity", 1, 0, -1, 1}};

  struct Interior {
    static constexpr std::string_view name = "interior";
    static constexpr Side region[] = {Side::inside, Side::inside};
    template <class S, class U>
    RESIDUA_HD static constexpr auto residual(const S* p, const U& u) {
      return rows(u.d(w, t) + u[w] * u.d(w, x) - p[nu] * u.d(w, x, x));
    }
  };
  using Terms = std::tuple<Interior>;

  template <class X, class S, class N>
  RESIDUA_HD static constexpr auto transform(const X* at, const S*, const N* net) {
    return rows(at[t] * (1 - at[x] * at[x]) * net[w] - sin(at[x] * number<S>(kPi)));
  }

  static auto exact() {
    // A travelling shock of speed 1/2: u = (1 - tanh((x - t/2) / (4 nu))) / 2.
    return std::tuple{ExactCase{
        "travelling shock", {0.05}, [](const auto* at, auto* f) { f[w] = (1 - tanh((at[x] - at[t] / 2) / 0.2)) / 2; }}};
  }
};

}  // namespace residua::inline RESIDUA_ISA::physics
