#pragma once
#include "kernels/core/physics.hpp"
#include "kernels/core/special.hpp"

namespace residua::inline RESIDUA_ISA::physics {

/// Transport of a decaying solute in the plane: advection, anisotropic dispersion, first-order loss.
///
///   u_t + vx u_x + vy u_y - Dx u_xx - Dy u_yy + k u = 0,   u = g at t = 0
///
/// with the plume g = exp(-20 ((x - 1/4)^2 + (y - 1/2)^2)) to start from, unless the user's own term says otherwise.
struct Transport2d {
  static constexpr std::string_view name = "transport_2d", summary = "a plume in the plane: advection and dispersion";
  enum Coord { t, x, y, kCoords };
  enum Param { vx, vy, Dx, Dy, k, kParams };
  enum Field { w, kFields };
  static constexpr Quantity coords[] = {
      {"time", "-", "time over reference time", 1, 0.5, 0, 1},
      {"along", "-", "position along the flow over length", 1, 0.5, 0, 1, Domain::any},
      {"across", "-", "position across the flow over length", 1, 0.5, 0, 1, Domain::any}};
  static constexpr Quantity params[] = {
      {"velocity_x", "-", "velocity along x, in lengths per reference time", 1, 0.5, 0, 1, Domain::any},
      {"velocity_y", "-", "velocity along y, in lengths per reference time", 1, 0.1, -0.5, 0.5},
      {"diffusivity_x", "-", "dispersion along x times reference time over length squared", 1, 0.02, 0.005, 0.05},
      {"diffusivity_y", "-", "dispersion along y times reference time over length squared", 1, 0.005, 0.001, 0.02},
      {"decay", "-", "rate of loss times reference time", 1, 0.1, 0, 1}};
  static constexpr Quantity fields[] = {{"concentration", "-", "over that of the plume's centre at first", 1, 0, 0, 1}};

  struct Interior {
    static constexpr std::string_view name = "interior";
    static constexpr Side region[] = {Side::inside, Side::inside, Side::inside};
    template <class S, class U>
    RESIDUA_HD static constexpr auto residual(const S* p, const U& u) {
      return rows(u.d(w, t) + p[vx] * u.d(w, x) + p[vy] * u.d(w, y) - p[Dx] * u.d(w, x, x) - p[Dy] * u.d(w, y, y) +
                  p[k] * u[w]);
    }
  };
  struct Initial {
    static constexpr std::string_view name = "initial";
    static constexpr Side region[] = {Side::lower, Side::inside, Side::inside};
    template <class S, class U>
    RESIDUA_HD static constexpr auto residual(const S*, const U& u) {
      const S along = u.at(x) - number<S>(0.25), across = u.at(y) - number<S>(0.5);
      return rows(u[w] - exp((along * along + across * across) * number<S>(-20)));
    }
  };
  using Terms = std::tuple<Interior, Initial>;

  static auto exact() {
    // One Fourier mode, carried by the flow and damped.
    return std::tuple{ExactCase{"a mode drifts and fades", {0.5, -0.2, 0.02, 0.05, 0.3}, [](const auto* at, auto* f) {
                                  const auto phase = (at[x] - at[t] * 0.5) * 2 + (at[y] + at[t] * 0.2) * 3;
                                  f[w] = exp(at[t] * -(0.02 * 4 + 0.05 * 9 + 0.3)) * sin(phase);
                                }}};
  }
};

}  // namespace residua::inline RESIDUA_ISA::physics
