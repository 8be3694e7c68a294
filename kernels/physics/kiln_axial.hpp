#pragma once
#include "kernels/core/physics.hpp"
#include "kernels/physics/kiln_wall.hpp"

namespace residua::inline RESIDUA_ISA::physics {

/// A counter-current rotary kiln along its axis: gas, solids bed, inner wall and one calcination step.
///
///   gas:         g G_t - G_z + (L/Cg)(q_gb + q_gw)                = 0
///   bed:         (S + H X)_t + (S + H X)_z - (L/Cs)(q_gb + q_wb)  = 0
///   conversion:  X_t + X_z - k (1 - X)                            = 0     k = A tau exp(-E / (R S))
///   wall:        q_gw - q_wb - Ua (W - Ta)                        = 0
///   q_gb = a1 (G - S) + w1 sigma (G^4 - S^4),  q_gw = a2 (G - W) + w2 sigma (G^4 - W^4),
///   q_wb = a3 (W - S) + w3 sigma (W^4 - S^4)
///
///   S = S0, X = 0 at the feed end z = 0 and (dynamic) at t = 0;  G = GL at the burner end z = 1
///
/// Temperatures in 1000 K, z over the kiln length L, t in residence times of the solids. a1..a3 and Ua are conductances
/// per metre, w1..w3 radiating widths (emissivity times width), Cg and Cs heat capacity flows, H the temperature drop
/// of the bed by full conversion, g the residence time of the gas over that of the solids. The bed is in enthalpy form,
/// so that the stiff rate stands in one equation only, which is divided by 1 + k. Balances after Hanein, Glasser &
/// Bannerman 2017 in the one-dimensional form; the wall stores no heat.
template <bool kDynamic>
struct KilnAxialOf {
  static constexpr std::string_view name = kDynamic ? "kiln_axial" : "kiln_axial_steady";
  static constexpr std::string_view summary =
      kDynamic ? "start-up of a rotary kiln along its axis: gas, bed, wall, calcination"
               : "steady rotary kiln along its axis: gas, bed, wall, calcination";
  static constexpr int kCoords = kDynamic ? 2 : 1, t = 0, z = kCoords - 1;
  enum Param { GL, S0, Ta, Cg, Cs, a1, a2, a3, Ua, w1, w2, w3, H, E, lgA, L, tau, g, kParams };
  enum Field { G, S, W, X, kFields };
  static constexpr double kGasConstant = 8.314462618;

  static constexpr Quantity kTime{"time", "residence times", "time over residence time of the solids", 1, 1, 0, 2};
  static constexpr Quantity kAxis{"axis", "-", "distance from the feed end over length", 1, 0.5, 0, 1, Domain::share};
  static constexpr Rows<Quantity, kCoords> coords = [] {
    if constexpr (kDynamic)
      return rows(kTime, kAxis);
    else
      return rows(kAxis);
  }();
  static constexpr Quantity params[] = {
      {"gas_inlet_temperature", "K", "at the burner end", 1000, 1350, 1350, 1350},
      {"feed_temperature", "K", "of the solids", 1000, 320, 320, 320},
      {"ambient_temperature", "K", "around the kiln", 1000, 298, 298, 298},
      {"gas_capacity_flow", "W/K", "mass flow times heat capacity", 1, 120, 120, 120, Domain::positive},
      {"solids_capacity_flow", "W/K", "mass flow times heat capacity", 1, 33, 33, 33, Domain::positive},
      {"gas_bed_conductance", "W/mK", "convection", 1, 9.42, 9.42, 9.42},
      {"gas_wall_conductance", "W/mK", "convection", 1, 8.37, 8.37, 8.37},
      {"wall_bed_conductance", "W/mK", "contact", 1, 50.4, 50.4, 50.4},
      {"loss_conductance", "W/mK", "inner wall to ambient", 1, 1.6, 1.6, 1.6},
      {"gas_bed_radiation", "m", "radiating width", 1, 0.04, 0.04, 0.04},
      {"gas_wall_radiation", "m", "radiating width", 1, 0.12, 0.12, 0.12},
      {"wall_bed_radiation", "m", "radiating width", 1, 0.2, 0.2, 0.2},
      {"reaction_heat", "K", "cooling of the bed by full conversion", 1000, 250, 250, 250, Domain::any},
      {"activation_energy", "J/mol", "of the calcination", 1e3, 161.52e3, 161.52e3, 161.52e3},
      {"log10_frequency", "log10(1/s)", "pre-exponential factor", 1, 9.8195, 9.8195, 9.8195, Domain::any},
      {"length", "m", "of the kiln", 1, 10, 10, 10, Domain::positive},
      {"residence_time", "s", "of the solids", 1e3, 5400, 5400, 5400, Domain::positive},
      {"gas_holdup", "-", "residence time of the gas over that of the solids", 1, 0, 0, 0}};
  static constexpr Quantity fields[] = {{"gas_temperature", "K", "gas", 1000, 0, 280, 1600},
                                        {"bed_temperature", "K", "solids", 1000, 0, 280, 1600},
                                        {"wall_temperature", "K", "inner wall", 1000, 0, 280, 1600},
                                        {"conversion", "-", "of the calcination", 1, 0, 0, 1}};

  /// Heat flows in W/m over 1000 K.
  template <class V>
  struct Flows {
    V gas_bed, gas_wall, wall_bed;
  };
  template <class P, class U>
  RESIDUA_HD static constexpr auto flows(const P* p, const U& u) {
    using V = typename U::Scalar;
    const P sigma = number<P>(kSigma);
    const V G2 = u[G] * u[G], S2 = u[S] * u[S], W2 = u[W] * u[W], G4 = G2 * G2, S4 = S2 * S2, W4 = W2 * W2;
    return Flows<V>{p[a1] * (u[G] - u[S]) + p[w1] * sigma * (G4 - S4),
                    p[a2] * (u[G] - u[W]) + p[w2] * sigma * (G4 - W4),
                    p[a3] * (u[W] - u[S]) + p[w3] * sigma * (W4 - S4)};
  }
  /// Rate constant per residence time. Below 250 K nothing reacts; a network that is not yet trained may go there.
  template <class P, class U>
  RESIDUA_HD static constexpr auto rate_constant(const P* p, const U& u) {
    using V = typename U::Scalar;
    const P log_frequency = p[lgA] * number<P>(2.302585092994046) + log(p[tau] * 1000);
    const P activation = p[E] * number<P>(1 / kGasConstant);
    const V cold = number<V>(0.25), bed = if_less(V(u[S]), cold, cold, V(u[S]));
    return exp(log_frequency - activation / bed);
  }

  struct Interior {
    static constexpr std::string_view name = "interior";
    static constexpr auto region = Rows<Side, kCoords>{};  // inside along every coordinate
    template <class P, class U>
    RESIDUA_HD static constexpr auto residual(const P* p, const U& u) {
      const auto q = flows(p, u);
      const auto k = rate_constant(p, u);
      auto gas = (q.gas_bed + q.gas_wall) * (p[L] / p[Cg]) - u.d(G, z);
      auto bed = u.d(S, z) + p[H] * u.d(X, z) - (q.gas_bed + q.wall_bed) * (p[L] / p[Cs]);
      auto solid = u.d(X, z);
      if constexpr (kDynamic) {
        gas = gas + p[g] * u.d(G, t);
        bed = bed + u.d(S, t) + p[H] * u.d(X, t);
        solid = solid + u.d(X, t);
      }
      const auto wall = (q.gas_wall - q.wall_bed - p[Ua] * (u[W] - p[Ta])) * (p[L] / p[Cs]);
      return rows(gas, bed, wall, (solid - k * (1 - u[X])) / (1 + k));
    }
  };
  using Terms = std::tuple<Interior>;

  /// |z - t|: solids that were in the kiln at the start differ from those that came in since by a kink along z = t. It
  /// is a characteristic of theirs, so that the kink adds nothing to the balances of the bed.
  template <class A, class P>
  RESIDUA_HD static constexpr A behind(const A* at) {
    const A distance = at[z] - at[t];
    return sqrt(distance * distance + number<P>(1e-10));  // regular on the kink itself
  }

  /// The axis and, in the dynamic kiln, the time and the distance to the kink.
  template <class A, class P>
  RESIDUA_HD static constexpr auto features(const A* at, const P*) {
    if constexpr (kDynamic) {
      return rows(at[t], at[z], behind<A, P>(at));
    } else {
      return rows(at[z]);
    }
  }

  /// Feed end, start and burner end hold exactly. The conversion is 1 - exp(-y) with the logarithm of y from the
  /// network, within exp(-16) to exp(16): a front that is steep in X is a gentle slope in log y.
  template <class A, class P, class N>
  RESIDUA_HD static constexpr auto transform(const A* at, const P* p, const N* net) {
    A entered = at[z];
    if constexpr (kDynamic) entered = (at[z] + at[t] - behind<A, P>(at)) / 2;  // how long the solids have been heated
    const N progress = entered * exp(tanh(net[X] / 4) * 16);
    return rows((at[z] - 1) * net[G] + p[GL], entered * net[S] + p[S0], net[W] + number<P>(0.8), 1 - exp(-progress));
  }

  static auto exact() {
    // Parameters: GL, S0, Ta, Cg, Cs, a1, a2, a3, Ua, w1, w2, w3, H, E, lgA, L, tau, g
    return std::tuple{
        // One exponential of the linear kiln with wall and loss: G = e, S = q e, W = w e with e = exp(lambda z).
        ExactCase{"linear exchange with wall and loss",
                  {0, 0, 0, 90, 20, 9.42, 8.37, 50.4, 1.6, 0, 0, 0, 0, 0, -99, 5.5, 1, 0},
                  [](const auto* at, auto* f) {
                    const double sum = 8.37 + 50.4 + 1.6;
                    // lambda = (m11 + m12 q), lambda q = (m21 + m22 q)
                    const double m11 = 5.5 / 90 * (9.42 + 8.37 - 8.37 * 8.37 / sum),
                                 m12 = -5.5 / 90 * (9.42 + 8.37 * 50.4 / sum);
                    const double m21 = 5.5 / 20 * (9.42 + 8.37 * 50.4 / sum),
                                 m22 = -5.5 / 20 * (9.42 + 50.4 - 50.4 * 50.4 / sum);
                    const double half = (m22 - m11) / (2 * m12), q = half + std::sqrt(half * half + m21 / m12);
                    f[G] = exp(at[z] * (m11 + m12 * q));
                    f[S] = f[G] * q;
                    f[W] = f[G] * ((8.37 + 50.4 * q) / sum);
                    f[X] = 0;
                  }},
        // A bed that radiates into a cold gas: S^-3 grows linearly.
        ExactCase{"bed radiates to gas",
                  {0, 0, 0, 1e30, 50, 0, 0, 0, 0, 0.3, 0, 0, 0, 0, -99, 2, 1, 0},
                  [](const auto* at, auto* f) {
                    f[S] = exp(log(1 + at[z] * (3 * 2 / 50. * 0.3 * kSigma)) / -3);
                    f[G] = f[W] = f[X] = 0;
                  }},
        // Bed and gas radiate alike against a cold wall; the mirrored sign of w2 keeps the wall in balance.
        ExactCase{"wall radiation",
                  {0, 0, 0, 50, 50, 0, 0, 0, 5, 0, -0.3, 0.3, 0, 0, -99, 2, 1, 0},
                  [](const auto* at, auto* f) {
                    f[G] = f[S] = exp(log(1 + at[z] * (3 * 2 / 50. * 0.3 * kSigma)) / -3);
                    f[W] = f[X] = 0;
                  }},
        // At constant temperature a first-order step follows 1 - exp(-k z).
        ExactCase{"isothermal conversion",
                  {0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 80, 4, 1, 0.2, 0},
                  [](const auto* at, auto* f) {
                    const double k = 1e4 * 200 * std::exp(-80 / kGasConstant / 0.9);
                    f[S] = 0.9;
                    f[X] = 1 - exp(at[z] * -k);
                    f[G] = f[W] = 0;
                  }},
        // Adiabatic: S + H X is constant (here with a rate that does not depend on temperature).
        ExactCase{"adiabatic conversion",
                  {0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0.25, 0, -3, 1, 2, 0},
                  [](const auto* at, auto* f) {
                    f[X] = 1 - exp(at[z] * -2);
                    f[S] = 0.9 - f[X] * 0.25;
                    f[G] = f[W] = 0;
                  }},
        // Without exchange, gas and solids carry their profiles along.
        ExactCase{"transport", {0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, -99, 1, 1, 0.5}, [](const auto* at, auto* f) {
                    if constexpr (kDynamic) {
                      f[G] = sin(at[z] + at[t] * 2);
                      f[S] = sin(at[z] - at[t]);
                      f[X] = cos(at[z] - at[t]);
                    } else {
                      f[G] = f[S] = f[X] = 0.5;
                    }
                    f[W] = 0;
                  }}};
  }
};

using KilnAxial = KilnAxialOf<true>;
using KilnAxialSteady = KilnAxialOf<false>;

}  // namespace residua::inline RESIDUA_ISA::physics
