#pragma once
#include "kernels/core/physics.hpp"
#include "kernels/core/special.hpp"

namespace residua::inline RESIDUA_ISA::physics {

/// The Korteweg-de Vries equation, waves that steepen and disperse:
///
///   u_t + u u_x + m u_xxx = 0,   u(0, x) = cos(pi x),   periodic in x with period 2
///
/// Zabusky & Kruskal, Phys. Rev. Lett. 15 (1965) 240, with m = 0.022^2.
struct Kdv {
  static constexpr std::string_view name = "kdv", summary = "waves that steepen and disperse: Korteweg-de Vries";
  enum Coord { t, x, kCoords };
  enum Param { m, kParams };
  enum Field { w, kFields };
  static constexpr Quantity coords[] = {{"time", "-", "time", 1, 0.5, 0, 1},
                                        {"position", "-", "position", 1, 0, -1, 1}};
  static constexpr Quantity params[] = {{"dispersion", "-", "dispersion", 1, 0.022 * 0.022, 1e-4, 1e-2, Domain::any}};
  static constexpr Quantity fields[] = {{"elevation", "-", "of the surface", 1, 0, -1, 3}};

  struct Interior {
    static constexpr std::string_view name = "interior";
    static constexpr Side region[] = {Side::inside, Side::inside};
    template <class S, class U>
    RESIDUA_HD static constexpr auto residual(const S* p, const U& u) {
      return rows(u.d(w, t) + u[w] * u.d(w, x) + p[m] * u.d(w, x, x, x));
    }
  };
  struct Initial {
    static constexpr std::string_view name = "initial";
    static constexpr Side region[] = {Side::lower, Side::inside};
    template <class S, class U>
    RESIDUA_HD static constexpr auto residual(const S*, const U& u) {
      return rows(u[w] - cos(u.at(x) * number<S>(kPi)));
    }
  };
  using Terms = std::tuple<Interior, Initial>;

  static auto exact() {
    // A soliton of speed c = 0.2: u = 3 c sech^2( sqrt(c/m) (x - c t) / 2 ), here with m = 0.05.
    return std::tuple{ExactCase{"soliton", {0.05}, [](const auto* at, auto* f) {
                                  const auto s = tanh(at[x] - at[t] * 0.2);
                                  f[w] = (1 - s * s) * 0.6;
                                }}};
  }
};

}  // namespace residua::inline RESIDUA_ISA::physics
