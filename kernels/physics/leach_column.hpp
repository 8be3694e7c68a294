#pragma once
#include "kernels/core/physics.hpp"
#include "kernels/core/special.hpp"

namespace residua::inline RESIDUA_ISA::physics {

/// A step of lixiviant (or tracer) through a packed column whose water is partly immobile: advection, dispersion,
/// retardation by sorption, first-order exchange between mobile and immobile water, first-order decay.
///
///   mobile:    beta R c_t + c_x - c_xx / Pe + omega (c - m) + Da c = 0
///   immobile:  (1 - beta) R m_t - omega (c - m) + Da m             = 0
///
///   c - c_x / Pe = 1 at x = 0 (third type),   c = m = 0 at t = 0,   semi-infinite column
///
/// t in pore volumes, x in column lengths, c and m over the inlet concentration (van Genuchten & Wierenga 1976, in the
/// dimensionless form of Toride et al. 1995). The domain reaches beyond the outlet x = 1, so that the end of the domain
/// does not disturb it. Pulses follow by superposition, since the problem is linear.
struct LeachColumn {
  static constexpr std::string_view name = "leach_column",
                                    summary = "tracer or lixiviant step through a mobile-immobile column";
  enum Coord { t, x, kCoords };
  enum Param { Pe, R, beta, omega, Da, kParams };
  enum Field { c, m, kFields };
  static constexpr Quantity coords[] = {{"time", "pore volumes", "flow times time over column length", 1, 1, 0, 8},
                                        {"depth", "column lengths", "depth over column length", 1, 1, 0, 1.25}};
  static constexpr Quantity params[] = {
      {"peclet", "-", "flow times length over dispersion", 1, 60, 20, 120, Domain::positive},
      {"retardation", "-", "1 + bulk density * distribution coefficient / porosity", 1, 2, 1, 4, Domain::positive},
      {"mobile_fraction", "-", "share of the retarded capacity in mobile water (beta)", 1, 0.8, 0.5, 0.95,
       Domain::inner_share},
      {"exchange", "-", "mass-transfer coefficient * length / flux (omega)", 1, 1, 0.2, 5, Domain::positive},
      {"decay", "-", "first-order decay * length / flow (Da)", 1, 0, 0, 0}};
  static constexpr Quantity fields[] = {
      {"mobile", "-", "concentration of the mobile water over the inlet's", 1, 0, 0, 1},
      {"immobile", "-", "concentration of the immobile water over the inlet's", 1, 0, 0, 1}};
  static constexpr Quantity outputs[] = {
      fields[0], fields[1], {"flux", "-", "flux-averaged concentration, what an outlet sample shows", 1, 0, 0, 1}};

  struct Interior {
    static constexpr std::string_view name = "interior";
    static constexpr Side region[] = {Side::inside, Side::inside};
    template <class S, class U>
    RESIDUA_HD static constexpr auto residual(const S* p, const U& u) {
      const auto exchange = p[omega] * (u[c] - u[m]);
      const S stagnant = (1 - p[beta]) * p[R];
      const auto mobile = p[beta] * p[R] * u.d(c, t) + u.d(c, x) - u.d(c, x, x) / p[Pe] + exchange + p[Da] * u[c];
      const auto immobile = stagnant * u.d(m, t) - exchange + p[Da] * u[m];
      return rows(mobile / (1 + p[omega]), immobile / (stagnant + p[omega]));  // both of the size of one
    }
  };
  /// Third-type inlet, as a fraction of the inlet concentration.
  struct Inlet {
    static constexpr std::string_view name = "inlet";
    static constexpr Side region[] = {Side::inside, Side::lower};
    template <class S, class U>
    RESIDUA_HD static constexpr auto residual(const S* p, const U& u) {
      return rows(u[c] - u.d(c, x) / p[Pe] - 1);
    }
  };
  using Terms = std::tuple<Interior, Inlet>;

  template <class S, class U>
  RESIDUA_HD static constexpr auto observe(const S* p, const U& u) {
    return rows(u[c], u[m], u[c] - u.d(c, x) / p[Pe]);
  }

  /// The front that the transform starts from: the column without immobile water whose retardation and decay match the
  /// exchange at the frequency s that the front has when it is so old. (In Laplace space the exchange acts as
  /// omega s / (s + kappa); the tangent at s is retardation and decay. A young front, or slow exchange, leaves beta R
  /// and decay omega, an old one R and no decay.)
  template <class X>
  struct Front {
    X retardation, decay;
    X share;  ///< of c that m follows
    template <class S>
    RESIDUA_HD static constexpr Front of(const X* at, const S* p) {
      const S kappa = p[omega] / ((1 - p[beta]) * p[R]);
      const X s = sqrt(p[Pe] / p[R] / (at[t] + number<S>(1e-6))), sum = s + kappa;
      return {p[beta] * p[R] + p[omega] * kappa / (sum * sum), p[omega] * s * s / (sum * sum) + p[Da], kappa / sum};
    }
  };

  /// Step response of a single-porosity column with third-type inlet (van Genuchten & Alves 1982, solution A2 with
  /// decay), every exp * erfc written as a Gaussian times erfcx.
  template <class X, class S>
  RESIDUA_HD static constexpr X step_response(const X* at, const S* p, const Front<X>& front) {
    const S P = p[Pe];
    const X u = sqrt(1 + 4 * front.decay / P);
    const X time = at[t] + number<S>(1e-6);  // later by a millionth of a pore volume: regular at the corner
    const X width = 1 / (2 * sqrt(time * (front.retardation / P)));
    const X lead = at[x] * front.retardation, behind = (lead - time) * width;
    const X gauss = exp(-(behind * behind) - time * (front.decay / front.retardation));
    const X arrival = exp(at[x] * ((1 - u) * P / 2)) * erfc_of((lead - time * u) * width) / (1 + u);
    return arrival + gauss * (P / (2 * front.decay)) *
                         (erfcx((lead + time) * width) - erfcx((lead + time * u) * width) * ((1 + u) / 2));
  }

  /// Time, depth, and two views of the front: the distance to it and the distance in units of its width.
  template <class X, class S>
  RESIDUA_HD static constexpr auto features(const X* at, const S* p) {
    const Front<X> front = Front<X>::of(at, p);
    const X behind = at[x] * front.retardation - at[t];
    const X width = sqrt((at[t] + number<S>(0.02)) * (front.retardation / p[Pe]));
    return rows(log(1 + at[t] * 2), at[x], tanh(behind / 2), tanh(behind / (2 * width)));
  }

  /// Starts from the front, and leaves to the network what grows with time and depth behind it; c = m = 0 at t = 0
  /// holds. Immobile water fills as exchange alone would have it at first (m_t = omega c / ((1 - beta) R) at the
  /// inlet), and to its share of c later.
  template <class X, class S, class N>
  RESIDUA_HD static constexpr auto transform(const X* at, const S* p, const N* net) {
    const Front<X> front = Front<X>::of(at, p);
    const X step = step_response(at, p, front), later = at[t] / (at[t] + 1);
    const X filled = front.share * at[t] / (at[t] + front.share * ((1 - p[beta]) * p[R] / p[omega]));
    return rows(step + later * (at[x] + 1 / p[Pe]) * net[c], step * filled + later * net[m]);
  }

  static auto exact() {
    return std::tuple{// A decaying wave carried by the flow: both fields, every term of both equations.
                      ExactCase{"separable with exchange and decay",
                                {20, 2, 0.6, 1.5, 0.3},
                                [](const auto* at, auto* f) {
                                  // c = exp(a t + k x), m = q c with q = omega / ((1 - beta) R a + omega + Da)
                                  const double a = -0.4, q = 1.5 / (0.8 * a + 1.5 + 0.3);
                                  // k^2 / Pe - k = beta R a + omega (1 - q) + Da
                                  const double rhs = 1.2 * a + 1.5 * (1 - q) + 0.3;
                                  const double k = 10 * (1 - std::sqrt(1 + 4 * rhs / 20));
                                  f[c] = exp(at[t] * a + at[x] * k);
                                  f[m] = f[c] * q;
                                }},
                      ExactCase{"nothing happens in a saturated column",
                                {40, 1, 0.7, 2, 0},
                                [](const auto*, auto* f) { f[c] = f[m] = 1; },
                                "inlet"}};
  }
};

}  // namespace residua::inline RESIDUA_ISA::physics
