#pragma once
#include "kernels/core/physics.hpp"
#include "kernels/core/special.hpp"

namespace residua::inline RESIDUA_ISA::physics {

/// The heat equation with all its conditions as terms of the loss, as PINN packages usually pose it (HeatRod is the
/// same rod with its conditions built into the transform):
///
///   u_t - D u_xx = 0,   u(0, x) = sin(pi x),   u(t, 0) = u(t, 1) = 0
struct Heat {
  static constexpr std::string_view name = "heat", summary = "the heat equation, its conditions as terms";
  enum Coord { t, x, kCoords };
  enum Param { D, kParams };
  enum Field { w, kFields };
  static constexpr Quantity coords[] = {{"time", "-", "time over reference time", 1, 0.5, 0, 1},
                                        {"position", "-", "position over length", 1, 0.5, 0, 1}};
  static constexpr Quantity params[] = {
      {"diffusivity", "-", "diffusivity times reference time over length squared", 1, 0.1, 0.05, 0.2}};
  static constexpr Quantity fields[] = {{"temperature", "-", "temperature over initial peak", 1, 0, 0, 1}};

  struct Interior {
    static constexpr std::string_view name = "interior";
    static constexpr Side region[] = {Side::inside, Side::inside};
    template <class S, class U>
    RESIDUA_HD static constexpr auto residual(const S* p, const U& u) {
      return rows(u.d(w, t) - p[D] * u.d(w, x, x));
    }
  };
  struct Initial {
    static constexpr std::string_view name = "initial";
    static constexpr Side region[] = {Side::lower, Side::inside};
    template <class S, class U>
    RESIDUA_HD static constexpr auto residual(const S*, const U& u) {
      return rows(u[w] - sin(u.at(x) * number<S>(kPi)));
    }
  };
  struct Left {
    static constexpr std::string_view name = "left";
    static constexpr Side region[] = {Side::inside, Side::lower};
    template <class S, class U>
    RESIDUA_HD static constexpr auto residual(const S*, const U& u) {
      return rows(u[w]);
    }
  };
  struct Right {
    static constexpr std::string_view name = "right";
    static constexpr Side region[] = {Side::inside, Side::upper};
    template <class S, class U>
    RESIDUA_HD static constexpr auto residual(const S*, const U& u) {
      return rows(u[w]);
    }
  };
  using Terms = std::tuple<Interior, Initial, Left, Right>;

  static auto exact() {
    return std::tuple{
        ExactCase{"first mode decays",
                  {0.1},
                  [](const auto* at, auto* f) { f[w] = exp(at[t] * (-0.1 * kPi * kPi)) * sin(at[x] * kPi); },
                  "initial left right"}};
  }
};

}  // namespace residua::inline RESIDUA_ISA::physics
