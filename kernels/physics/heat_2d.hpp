#pragma once
#include "kernels/core/physics.hpp"
#include "kernels/core/special.hpp"

namespace residua::inline RESIDUA_ISA::physics {

/// Heat in a plate with cold walls whose start varies on two scales:
///
///   u_t - Dx u_xx - Dy u_yy = 0,   u(0, x, y) = sin(20 pi x) sin(pi y),   u = 0 on the walls
///
/// With Dx = 1 / (500 pi)^2 and Dy = 1 / pi^2 the problem Heat2d-MS of PINNacle (Hao et al. 2024). Start and walls hold
/// exactly.
struct Heat2d {
  static constexpr std::string_view name = "heat_2d", summary = "heat in a plate, on two scales";
  enum Coord { t, x, y, kCoords };
  enum Param { Dx, Dy, kParams };
  enum Field { w, kFields };
  static constexpr Quantity coords[] = {{"time", "-", "time", 1, 2.5, 0, 5},
                                        {"along", "-", "position along x", 1, 0.5, 0, 1},
                                        {"across", "-", "position along y", 1, 0.5, 0, 1}};
  static constexpr Quantity params[] = {{"diffusivity_x", "-", "along x", 1, 1 / (250000 * kPi * kPi), 1e-7, 1e-5},
                                        {"diffusivity_y", "-", "along y", 1, 1 / (kPi * kPi), 0.05, 0.2}};
  static constexpr Quantity fields[] = {{"temperature", "-", "over the initial peak", 1, 0, -1, 1}};

  struct Interior {
    static constexpr std::string_view name = "interior";
    static constexpr Side region[] = {Side::inside, Side::inside, Side::inside};
    template <class S, class U>
    RESIDUA_HD static constexpr auto residual(const S* p, const U& u) {
      return rows(u.d(w, t) - p[Dx] * u.d(w, x, x) - p[Dy] * u.d(w, y, y));
    }
  };
  using Terms = std::tuple<Interior>;

  template <class X, class S, class N>
  RESIDUA_HD static constexpr auto transform(const X* at, const S*, const N* net) {
    const X start = sin(at[x] * number<S>(20 * kPi)) * sin(at[y] * number<S>(kPi));
    return rows(start * (1 + at[t] * net[w]));
  }

  static auto exact() {
    return std::tuple{ExactCase{"a mode fades", {0.02, 0.05}, [](const auto* at, auto* f) {
                                  f[w] = exp(at[t] * -(0.02 * 9 + 0.05 * 4)) * sin(at[x] * 3.) * cos(at[y] * 2.);
                                }}};
  }
};

}  // namespace residua::inline RESIDUA_ISA::physics
