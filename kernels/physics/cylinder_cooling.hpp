#pragma once
#include "kernels/core/physics.hpp"
#include "kernels/core/special.hpp"

namespace residua::inline RESIDUA_ISA::physics {

/// Cooling of a long hot cylinder in a stream, from the axis (r = 0) to the face (r = 1):
///
///   T_t - T_rr - T_r / r = 0,   T = 1 at t = 0,   T_r = 0 at r = 0,   T_r + Bi T = 0 at r = 1
///
/// T is the excess over the stream as a fraction of the initial one, t the Fourier number, r the distance from the axis
/// over the radius. The residual is multiplied by r / (r + 0.1): no division by zero at the axis.
struct CylinderCooling {
  static constexpr std::string_view name = "cylinder_cooling", summary = "a long cylinder cooled by a stream";
  enum Coord { t, r, kCoords };
  enum Param { Bi, kParams };
  enum Field { T, kFields };
  static constexpr Quantity coords[] = {
      {"time", "-", "Fourier number: diffusivity times time over radius squared", 1, 0.5, 0, 1},
      {"radius", "-", "distance from the axis over the outer radius", 1, 0, 0, 1, Domain::share}};
  static constexpr Quantity params[] = {
      {"biot", "-", "film coefficient times radius over conductivity", 1, 1, 0.1, 10, Domain::positive}};
  static constexpr Quantity fields[] = {
      {"temperature", "-", "excess over the stream, over the initial one", 1, 0, 0, 1}};

  struct Interior {
    static constexpr std::string_view name = "interior";
    static constexpr Side region[] = {Side::inside, Side::inside};
    template <class S, class U>
    RESIDUA_HD static constexpr auto residual(const S*, const U& u) {
      return rows(((u.d(T, t) - u.d(T, r, r)) * u.at(r) - u.d(T, r)) / (u.at(r) + number<S>(0.1)));
    }
  };
  struct Face {
    static constexpr std::string_view name = "face";
    static constexpr Side region[] = {Side::inside, Side::upper};
    template <class S, class U>
    RESIDUA_HD static constexpr auto residual(const S* p, const U& u) {
      return rows((u.d(T, r) + p[Bi] * u[T]) / (1 + p[Bi]));
    }
  };
  using Terms = std::tuple<Interior, Face>;

  /// How far the cold has reached.
  template <class X, class S>
  RESIDUA_HD static constexpr X reach(const X* at, const S*) {
    return sqrt(at[t] + number<S>(1e-14));
  }

  /// Functions of r^2, so that T is smooth at the axis and T_r = 0 holds: depth below the face to leading order, the
  /// same in units of the reach, and the reach.
  template <class X, class S>
  RESIDUA_HD static constexpr auto features(const X* at, const S* p) {
    const X depth = (1 - at[r] * at[r]) / 2, k = reach(at, p);
    return rows(depth, k, tanh(depth / (2 * k)));
  }

  /// The cold wave at a distance from a slightly curved face: H of a half-space, and to first order in the curvature
  /// how much sooner the cold comes where it has less to cool. In terms of Laplace transforms over t, with q^2 = s,
  ///   H = Bi exp(-q d) / (s (q + Bi)),   the first order Bi exp(-q d) / (2 s (q + Bi)^2) = (H / Bi - dH/dBi) / 2
  template <class X, class S>
  RESIDUA_HD static constexpr X cold_wave(const X& distance, const X& reach, const S& Bi) {
    const X wave = half_space(distance, reach, Bi);
    return wave + (wave / Bi - half_space_by_biot(distance, reach, Bi)) / 2;
  }

  /// Starts from the cold waves that come from the near and from the far side of the face, growing as 1 / sqrt(r) does
  /// to first order in the depth. The network adds what is of higher order in the reach, and what waves do that meet at
  /// the axis; the start holds.
  template <class X, class S, class N>
  RESIDUA_HD static constexpr auto transform(const X* at, const S* p, const N* net) {
    const X k = reach(at, p);
    const X waves = cold_wave(1 - at[r], k, p[Bi]) + cold_wave(1 + at[r], k, p[Bi]);
    return rows(1 - (5 - at[r] * at[r]) / 4 * waves + at[t] * k * net[T]);
  }

  static auto exact() {
    return std::tuple{ExactCase{"first mode decays",
                                {1},
                                [](const auto* at, auto* f) {
                                  const double mu = 1.2557837117945935;  // mu J1(mu) = J0(mu)
                                  const auto z = at[r] * at[r] * (-mu * mu / 4);
                                  f[T] = 1;  // J0(mu r) by its power series
                                  for (int n = 16; n > 0; --n) f[T] = f[T] * z / double(n * n) + 1;
                                  f[T] = f[T] * exp(at[t] * (-mu * mu));
                                },
                                "face"}};
  }
};

}  // namespace residua::inline RESIDUA_ISA::physics
