#pragma once
#include "kernels/core/physics.hpp"
#include "kernels/core/special.hpp"

namespace residua::inline RESIDUA_ISA::physics {

/// A wave carried along a ring, many times around:
///
///   u_t + c u_x = 0,   u(0, x) = sin x,   periodic in x with period 2 pi
///
/// The network sees cos and sin of x - c t, so that the solution is periodic and follows the flow; that it does not
/// change on its way, and the start, are for the network to find.
struct Advection {
  static constexpr std::string_view name = "advection", summary = "a wave carried around a ring";
  enum Coord { t, x, kCoords };
  enum Param { c, kParams };
  enum Field { w, kFields };
  static constexpr Quantity coords[] = {{"time", "-", "time", 1, 0.5, 0, 1},
                                        {"position", "-", "position", 1, kPi, 0, 2 * kPi, Domain::any}};
  static constexpr Quantity params[] = {{"speed", "-", "of the flow", 1, 30, 1, 100, Domain::any}};
  static constexpr Quantity fields[] = {{"amplitude", "-", "of the wave", 1, 0, -1, 1}};

  struct Interior {
    static constexpr std::string_view name = "interior";
    static constexpr Side region[] = {Side::inside, Side::inside};
    template <class S, class U>
    RESIDUA_HD static constexpr auto residual(const S* p, const U& u) {
      return rows(u.d(w, t) + p[c] * u.d(w, x));
    }
  };
  struct Initial {
    static constexpr std::string_view name = "initial";
    static constexpr Side region[] = {Side::lower, Side::inside};
    template <class S, class U>
    RESIDUA_HD static constexpr auto residual(const S*, const U& u) {
      return rows(u[w] - sin(u.at(x)));
    }
  };
  using Terms = std::tuple<Interior, Initial>;

  template <class X, class S>
  RESIDUA_HD static constexpr auto features(const X* at, const S* p) {
    const X behind = at[x] - at[t] * p[c];
    return rows(at[t], cos(behind), sin(behind));
  }

  static auto exact() {
    return std::tuple{ExactCase{
        "the wave as it started", {3}, [](const auto* at, auto* f) { f[w] = sin(at[x] - at[t] * 3.); }, "initial"}};
  }
};

}  // namespace residua::inline RESIDUA_ISA::physics
