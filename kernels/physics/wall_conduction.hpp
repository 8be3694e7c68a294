#pragma once
#include "kernels/core/physics.hpp"

namespace residua::inline RESIDUA_ISA::physics {

/// Steady conduction through a wall whose conductivity grows with temperature, flat or cylindrical:
///
///   d/dr( r k dT/dr ) / r = 0,   k = k0 (1 + b T),   r = 1 + (ratio - 1) x,   T(0) = Ti,   T(1) = To
///
/// T in 1000 K, x is the depth over the thickness, ratio the outer radius over the inner one; 1 is a flat wall. k0
/// drops out.
struct WallConduction {
  static constexpr std::string_view name = "wall_conduction",
                                    summary = "steady conduction through a wall of variable conductivity";
  enum Coord { x, kCoords };
  enum Param { Ti, To, b, ratio, kParams };
  enum Field { T, kFields };
  static constexpr Quantity coords[] = {
      {"depth", "-", "depth over thickness, from the inner face", 1, 0.5, 0, 1, Domain::share}};
  static constexpr Quantity params[] = {
      {"inner_temperature", "K", "of the inner face", 1000, 900, 600, 1500},
      {"outer_temperature", "K", "of the outer face", 1000, 450, 300, 600},
      {"conductivity_slope", "1/K", "relative growth of the conductivity", 1e-3, 5.85e-4, 0, 1e-3, Domain::any},
      {"radius_ratio", "-", "outer over inner radius; 1 for a flat wall", 1, 1.4525547445255474, 1, 2,
       Domain::positive}};
  static constexpr Quantity fields[] = {{"temperature", "K", "of the wall", 1000, 0, 300, 1500}};

  /// The wall stays between the temperatures of its faces: there it has to conduct.
  static constexpr const char* ill_posed(const double* p) {
    const bool conducts = 1 + p[b] * p[Ti] > 0 && 1 + p[b] * p[To] > 0;
    return conducts ? nullptr : "1 + conductivity_slope * T above 0 at inner_temperature and outer_temperature";
  }

  struct Interior {
    static constexpr std::string_view name = "interior";
    static constexpr Side region[] = {Side::inside};
    template <class S, class U>
    RESIDUA_HD static constexpr auto residual(const S* p, const U& u) {
      const S growth = p[ratio] - 1;
      const auto slope = u.d(T, x);
      return rows((1 + p[b] * u[T]) * (u.d(T, x, x) + slope * (growth / (1 + growth * u.at(x)))) +
                  p[b] * slope * slope);
    }
  };
  using Terms = std::tuple<Interior>;

  /// Both faces hold.
  template <class X, class S, class N>
  RESIDUA_HD static constexpr auto transform(const X* at, const S* p, const N* net) {
    return rows(at[x] * (p[To] - p[Ti]) + p[Ti] + at[x] * (1 - at[x]) * net[T]);
  }

  static auto exact() {
    // T + b T^2 / 2 is linear in the depth, or in ln r (Kirchhoff).
    return std::tuple{
        ExactCase{"cylinder",
                  {0, 0, 0.5, 1.5},
                  [](const auto* at, auto* f) { f[T] = (sqrt(2 - log(1 + at[x] / 2)) - 1) / 0.5; }},
        ExactCase{"flat", {0, 0, 0.8, 1}, [](const auto* at, auto* f) { f[T] = (sqrt(3 - at[x]) - 1) / 0.8; }}};
  }
};

}  // namespace residua::inline RESIDUA_ISA::physics
