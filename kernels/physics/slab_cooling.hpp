#pragma once
#include "kernels/core/physics.hpp"
#include "kernels/core/special.hpp"

namespace residua::inline RESIDUA_ISA::physics {

/// Cooling of a hot slab in a stream, from the middle (x = 0) to the face (x = 1):
///
///   T_t - T_xx = 0,   T = 1 at t = 0,   T_x = 0 at x = 0,   T_x + Bi T = 0 at x = 1
///
/// T is the excess over the stream as a fraction of the initial one, t the Fourier number, x the distance from the
/// middle over the half-thickness.
struct SlabCooling {
  static constexpr std::string_view name = "slab_cooling", summary = "a slab cooled on both faces by a stream";
  enum Coord { t, x, kCoords };
  enum Param { Bi, kParams };
  enum Field { T, kFields };
  static constexpr Quantity coords[] = {
      {"time", "-", "Fourier number: diffusivity times time over half-thickness squared", 1, 0.5, 0, 1},
      {"position", "-", "distance from the middle over half-thickness", 1, 0, 0, 1, Domain::share}};
  static constexpr Quantity params[] = {
      {"biot", "-", "film coefficient times half-thickness over conductivity", 1, 1, 0.1, 10, Domain::positive}};
  static constexpr Quantity fields[] = {
      {"temperature", "-", "excess over the stream, over the initial one", 1, 0, 0, 1}};

  struct Interior {
    static constexpr std::string_view name = "interior";
    static constexpr Side region[] = {Side::inside, Side::inside};
    template <class S, class U>
    RESIDUA_HD static constexpr auto residual(const S*, const U& u) {
      return rows(u.d(T, t) - u.d(T, x, x));
    }
  };
  struct Face {
    static constexpr std::string_view name = "face";
    static constexpr Side region[] = {Side::inside, Side::upper};
    template <class S, class U>
    RESIDUA_HD static constexpr auto residual(const S* p, const U& u) {
      return rows((u.d(T, x) + p[Bi] * u[T]) / (1 + p[Bi]));
    }
  };
  using Terms = std::tuple<Interior, Face>;

  /// Even in x, so that T_x = 0 in the middle holds.
  template <class X, class S>
  RESIDUA_HD static constexpr auto features(const X* at, const S*) {
    return rows(at[t], at[x] * at[x]);
  }

  /// What a cold wave that has reached the other face sends back: its Laplace transform times (q - Bi) / (q + Bi), q^2
  /// being the variable of the transform, where that of the wave is H = Bi exp(-q distance) / (q^2 (q + Bi)).
  template <class X, class S>
  RESIDUA_HD static constexpr X echo(const X& distance, const X& reach, const S& Bi) {
    return 2 * Bi * half_space_by_biot(distance, reach, Bi) - half_space(distance, reach, Bi);
  }

  /// Starts from the cold waves of both faces and their first echoes. What the network adds sets in as the echoes reach
  /// the face that they come from, four half-thicknesses away; the start holds.
  template <class X, class S, class N>
  RESIDUA_HD static constexpr auto transform(const X* at, const S* p, const N* net) {
    const X reach = sqrt(at[t] + number<S>(1e-14)), onset = exp(-4 / (at[t] + number<S>(4e-3)));
    const X waves = half_space(1 - at[x], reach, p[Bi]) + half_space(1 + at[x], reach, p[Bi]) +
                    echo(3 - at[x], reach, p[Bi]) + echo(3 + at[x], reach, p[Bi]);
    return rows(1 - waves + onset * net[T]);
  }

  static auto exact() {
    return std::tuple{ExactCase{"first mode decays",
                                {1},
                                [](const auto* at, auto* f) {
                                  const double mu = 0.8603335890193798;  // mu tan mu = 1
                                  f[T] = exp(at[t] * (-mu * mu)) * cos(at[x] * mu);
                                },
                                "face"}};
  }
};

}  // namespace residua::inline RESIDUA_ISA::physics
