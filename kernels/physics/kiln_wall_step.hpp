#pragma once
#include "kernels/core/physics.hpp"
#include "kernels/physics/kiln_wall.hpp"

namespace residua::inline RESIDUA_ISA::physics {

/// A kiln's wall as two nodes, brick and shell, over one step of a control loop: temperatures now and held controls in,
/// temperatures a time later out. What a controller rolls out.
///
///   Cb Tb' = h (Tg - Tb) + eps sigma (Tg^4 - Tb^4) - U (Tb - Ts)
///   Cs Ts' = U (Tb - Ts) - ho (Ts - Ta) - eps_o sigma (Ts^4 - Ta^4),   Tb(0) = Tb0,  Ts(0) = Ts0
///
/// Temperatures in 1000 K, t in units of 600 s; all per area of wall, whose curvature is left out. The residuals are
/// divided by the rate at which each node would follow its surroundings.
struct KilnWallStep {
  static constexpr std::string_view name = "kiln_wall_step",
                                    summary = "brick and shell of a kiln, one step of a control loop ahead";
  enum Coord { t, kCoords };
  enum Param { Tg, h, Tb0, Ts0, U, Cb, Cs, eps, ho, epso, Ta, kParams };
  enum Field { Tb, Ts, kFields };
  static constexpr double kSeconds = 600;

  static constexpr Quantity coords[] = {{"time", "s", "since the states were read", kSeconds, 300, 0, 600}};
  static constexpr Quantity params[] = {
      {"gas_temperature", "K", "temperature of the kiln gas, held", 1000, 1300, 600, 1600},
      {"film_coefficient", "W/m2K", "convective film, gas to brick, held", 1, 30, 5, 60},
      {"brick_now", "K", "temperature of the brick at the start", 1000, 800, 300, 1450},
      {"shell_now", "K", "temperature of the shell at the start", 1000, 450, 280, 700},
      {"conductance", "W/m2K", "brick to shell", 1, 6, 6, 6},
      {"brick_capacity", "J/m2K", "of the brick, by area", 1e5, 4.4e5, 4.4e5, 4.4e5, Domain::positive},
      {"shell_capacity", "J/m2K", "of the steel, by area", 1e5, 2.28e4, 2.28e4, 2.28e4, Domain::positive},
      {"inner_emissivity", "-", "effective, gas to brick", 1, 0.25, 0.25, 0.25},
      {"outer_film", "W/m2K", "convective film, shell to ambient", 1, 12, 12, 12},
      {"outer_emissivity", "-", "shell", 1, 0.8, 0.8, 0.8},
      {"ambient_temperature", "K", "around the kiln", 1000, 298, 298, 298}};
  static constexpr Quantity fields[] = {{"brick", "K", "temperature of the brick", 1000, 0, 280, 1600},
                                        {"shell", "K", "temperature of the shell", 1000, 0, 280, 800}};
  /// For each output the parameter that holds its value at t = 0: a step surrogate's state.
  static constexpr int states[] = {Tb0, Ts0};

  template <class V>
  struct Rates {
    V brick, shell;
  };
  /// Tb' and Ts', in 1000 K per unit of time.
  template <class S, class V>
  RESIDUA_HD static constexpr Rates<V> rates(const S* p, const V& brick, const V& shell) {
    const S unit = number<S>(kSeconds * 1e-5), sigma = number<S>(kSigma);
    const S Tg2 = p[Tg] * p[Tg], Ta2 = p[Ta] * p[Ta];
    const V brick2 = brick * brick, shell2 = shell * shell, through = p[U] * (brick - shell);
    const V gain = p[h] * (p[Tg] - brick) + p[eps] * sigma * (Tg2 * Tg2 - brick2 * brick2);
    const V loss = p[ho] * (shell - p[Ta]) + p[epso] * sigma * (shell2 * shell2 - Ta2 * Ta2);
    return {(gain - through) * (unit / p[Cb]), (through - loss) * (unit / p[Cs])};
  }

  struct Interior {
    static constexpr std::string_view name = "interior";
    static constexpr Side region[] = {Side::inside};
    template <class S, class U_>
    RESIDUA_HD static constexpr auto residual(const S* p, const U_& u) {
      const auto rate = rates(p, u[Tb], u[Ts]);
      const S unit = number<S>(kSeconds * 1e-5);
      const S brick = (p[h] + p[U] + 1) * unit / p[Cb], shell = (p[U] + p[ho] + 1) * unit / p[Cs];
      return rows((u.d(Tb, t) - rate.brick) / (1 + brick), (u.d(Ts, t) - rate.shell) / (1 + shell));
    }
  };
  using Terms = std::tuple<Interior>;

  /// States and their rates at the start hold, so short steps are exact to the second order of the time.
  template <class X, class S, class N>
  RESIDUA_HD static constexpr auto transform(const X* at, const S* p, const N* net) {
    const auto start = rates(p, p[Tb0], p[Ts0]);
    return rows(at[t] * (at[t] * net[Tb] + start.brick) + p[Tb0], at[t] * (at[t] * net[Ts] + start.shell) + p[Ts0]);
  }

  static auto exact() {
    return std::tuple{
        // Both nodes alike, without radiation: their mean relaxes with h / C, their difference with (h + 2 U) / C.
        ExactCase{"two modes",
                  {0.5, 20, 0, 0, 10, 0.12, 0.12, 0, 20, 0, 0.5},  // rates 1 and 2 in units of the time
                  [](const auto* at, auto* f) {
                    const auto mean = exp(-at[t]) * 0.3 + 0.5, difference = exp(-2 * at[t]) * 0.1;
                    f[Tb] = mean + difference;
                    f[Ts] = mean - difference;
                  }},
        // Each node by itself into the cold of space: T = (T0^-3 + 3 K t)^(-1/3) with K = sigma / (C in 1e5 J/m2K / 600
        // s).
        ExactCase{"radiation alone",
                  {0, 0, 0, 0, 0, 2, 4, 1, 0, 1, 0},
                  [](const auto* at, auto* f) {
                    const double K = kSigma * kSeconds * 1e-5 / 2;
                    f[Tb] = exp(log(at[t] * (3 * K) + 1) * (-1. / 3));
                    f[Ts] = exp(log(at[t] * (1.5 * K) + 8) * (-1. / 3));
                  }},
        ExactCase{"equilibrium", {0.7, 30, 0.7, 0.7, 6, 4.4, 0.228, 0.25, 12, 0.8, 0.7}, [](const auto*, auto* f) {
                    f[Tb] = 0.7;
                    f[Ts] = 0.7;
                  }}};
  }
};

}  // namespace residua::inline RESIDUA_ISA::physics
