#pragma once
#include "kernels/core/physics.hpp"
#include "kernels/core/special.hpp"

namespace residua::inline RESIDUA_ISA::physics {

/// The Allen-Cahn equation, two phases that separate and meet in thin fronts:
///
///   u_t - D u_xx + r (u^3 - u) = 0,   u(0, x) = x^2 cos(pi x),   periodic in x with period 2
///
/// The network sees cos(pi x) and sin(pi x), so that the solution is periodic; the start holds exactly. The start has a
/// kink at x = +-1, where its slope jumps from -2 to 2; the transform takes care of it.
struct AllenCahn {
  static constexpr std::string_view name = "allen_cahn", summary = "two phases separate: Allen-Cahn, periodic";
  enum Coord { t, x, kCoords };
  enum Param { D, r, kParams };
  enum Field { w, kFields };
  static constexpr Quantity coords[] = {{"time", "-", "time", 1, 0.5, 0, 1},
                                        {"position", "-", "position", 1, 0, -1, 1}};
  static constexpr Quantity params[] = {{"diffusivity", "-", "diffusivity", 1, 1e-4, 1e-4, 1e-3},
                                        {"rate", "-", "of the separation", 1, 5, 1, 5}};
  static constexpr Quantity fields[] = {{"phase", "-", "-1 and 1 are the pure phases", 1, 0, -1, 1}};

  struct Interior {
    static constexpr std::string_view name = "interior";
    static constexpr Side region[] = {Side::inside, Side::inside};
    template <class S, class U>
    RESIDUA_HD static constexpr auto residual(const S* p, const U& u) {
      return rows(u.d(w, t) - p[D] * u.d(w, x, x) + p[r] * (u[w] * u[w] * u[w] - u[w]));
    }
  };
  using Terms = std::tuple<Interior>;

  template <class X, class S>
  RESIDUA_HD static constexpr auto features(const X* at, const S*) {
    return rows(at[t], cos(at[x] * number<S>(kPi)), sin(at[x] * number<S>(kPi)));
  }

  /// What diffusion adds to |y|: |y| + excess solves the heat equation and is smooth once the width is not zero.
  template <class X, class S>
  RESIDUA_HD static constexpr X excess(const X& y, const X& width) {
    const X z = y / width;
    return width * exp(-(z * z)) * number<S>(kTwoOverSqrtPi / 2) - y * erfc_of(z);
  }

  /// With y the distance from x = +-1 the start is (2 |y| - 1 - y^2) cos(pi y). Its one kink, 2 |y|, diffuses as in the
  /// heat equation while the reaction at u = -1 takes it down as exp(-2 r t), and so it does here: what the network
  /// adds has no kink. The decay takes for |y| a function with the same kink that is smooth where the two distances
  /// meet.
  template <class X, class S, class N>
  RESIDUA_HD static constexpr auto transform(const X* at, const S* p, const N* net) {
    const X wave = cos(at[x] * number<S>(kPi));
    const X width = sqrt(at[t] * (p[D] * 4) + number<S>(1e-18));  // never zero: regular at the start
    const X left = excess<X, S>(1 + at[x], width), right = excess<X, S>(1 - at[x], width);
    const X distance = cos(at[x] * number<S>(kPi / 2)) * number<S>(2 / kPi);
    const X kink = distance + excess<X, S>(distance, width);
    const X start = (at[x] * at[x] - (left + right) * 2) * wave;
    return rows(start - (1 - exp(at[t] * (p[r] * -2))) * kink * 2 + at[t] * net[w]);
  }

  static auto exact() {
    // The front by which the phase 1 invades the unstable state 0, of speed 3 sqrt(r D / 2), with D = 0.05 and r = 2.
    return std::tuple{ExactCase{"travelling front", {0.05, 2}, [](const auto* at, auto* f) {
                                  const double steepness = std::sqrt(2 / 0.05 / 8), speed = 3 * std::sqrt(0.05);
                                  f[w] = (1 - tanh((at[x] - at[t] * speed) * steepness)) / 2;
                                }}};
  }
};

}  // namespace residua::inline RESIDUA_ISA::physics
