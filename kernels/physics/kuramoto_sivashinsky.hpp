#pragma once
#include "kernels/core/physics.hpp"
#include "kernels/core/special.hpp"

namespace residua::inline RESIDUA_ISA::physics {

/// The Kuramoto-Sivashinsky equation, whose long waves grow, steepen and feed short ones that decay:
///
///   u_t + a u u_x + b u_xx + g u_xxxx = 0,   u(0, x) = cos x (1 + sin x),   periodic in x with period 2 pi
///
/// The network sees cos x and sin x, so that the solution is periodic, and three octaves above, since the waves that
/// grow fastest are sqrt(b / 2g), some eleven, to the ring. The start holds exactly.
struct KuramotoSivashinsky {
  static constexpr std::string_view name = "kuramoto_sivashinsky", summary = "growing long waves that turn chaotic";
  enum Coord { t, x, kCoords };
  enum Param { a, b, g, kParams };
  enum Field { w, kFields };
  static constexpr Quantity coords[] = {{"time", "-", "time", 1, 0.05, 0, 0.1},
                                        {"position", "-", "position", 1, kPi, 0, 2 * kPi, Domain::any}};
  static constexpr Quantity params[] = {
      {"steepening", "-", "of waves by their own speed", 1, 100. / 16, 1, 10, Domain::any},
      {"growth", "-", "of long waves", 1, 100. / 256, 0.1, 1},
      {"damping", "-", "of short waves", 1, 100. / 65536, 1e-3, 1e-2, Domain::positive}};
  static constexpr Quantity fields[] = {{"amplitude", "-", "of the wave", 1, 0, -3, 3}};

  struct Interior {
    static constexpr std::string_view name = "interior";
    static constexpr Side region[] = {Side::inside, Side::inside};
    template <class S, class U>
    RESIDUA_HD static constexpr auto residual(const S* p, const U& u) {
      return rows(u.d(w, t) + p[a] * u[w] * u.d(w, x) + p[b] * u.d(w, x, x) + p[g] * u.d(w, x, x, x, x));
    }
  };
  using Terms = std::tuple<Interior>;

  template <class X, class S>
  RESIDUA_HD static constexpr auto features(const X* at, const S*) {
    return rows(at[t], cos(at[x]), sin(at[x]), cos(at[x] * 2), sin(at[x] * 2), cos(at[x] * 4), sin(at[x] * 4),
                cos(at[x] * 8), sin(at[x] * 8));
  }
  template <class X, class S, class N>
  RESIDUA_HD static constexpr auto transform(const X* at, const S*, const N* net) {
    return rows(cos(at[x]) * (1 + sin(at[x])) + at[t] * net[w]);
  }

  static auto exact() {
    // A shock profile of speed 0.3: Kudryashov, Phys. Lett. A 147 (1990) 287.
    return std::tuple{ExactCase{"travelling shock profile", {1, 1, 1}, [](const auto* at, auto* f) {
                                  const double root = std::sqrt(11. / 19);
                                  const auto s = tanh((at[x] - at[t] * 0.3) * (root / 2));
                                  f[w] = (s * s * s * 11 - s * 9) * (15. / 19 * root) + 0.3;
                                }}};
  }
};

}  // namespace residua::inline RESIDUA_ISA::physics
