#pragma once
#include "kernels/core/physics.hpp"
#include "kernels/core/special.hpp"

namespace residua::inline RESIDUA_ISA::physics {

/// A step of tracer through a semi-infinite column (Ogata & Banks 1961):
///
///   c_t + c_x - c_xx / Pe = 0,   c(t, 0) = 1,   c(0, x) = 0
///
/// t in pore volumes, x in column lengths; the domain reaches beyond the outlet x = 1.
struct OgataBanks {
  static constexpr std::string_view name = "ogata_banks", summary = "a step of tracer through a column, sharp front";
  enum Coord { t, x, kCoords };
  enum Param { Pe, kParams };
  enum Field { c, kFields };
  static constexpr double kPeclet = 100;  ///< unit of the parameter: the network sees numbers of the size of one
  static constexpr Quantity coords[] = {{"time", "pore volumes", "flow times time over column length", 1, 1, 0, 2},
                                        {"depth", "column lengths", "depth over column length", 1, 1, 0, 1.25}};
  static constexpr Quantity params[] = {
      {"peclet", "-", "flow times length over dispersion", kPeclet, 100, 10, 2000, Domain::positive}};
  static constexpr Quantity fields[] = {{"concentration", "-", "over the inlet's", 1, 0, 0, 1}};

  template <class S>
  RESIDUA_HD static constexpr S peclet(const S* p) {
    return p[Pe] * number<S>(kPeclet);
  }

  struct Interior {
    static constexpr std::string_view name = "interior";
    static constexpr Side region[] = {Side::inside, Side::inside};
    template <class S, class U>
    RESIDUA_HD static constexpr auto residual(const S* p, const U& u) {
      return rows(u.d(c, t) + u.d(c, x) - u.d(c, x, x) / peclet(p));
    }
  };
  using Terms = std::tuple<Interior>;

  /// Where a point lies between inlet and front.
  template <class X>
  struct Scales {
    X depth;  ///< over twice the reach of dispersion, sqrt(t / Pe)
    X drift;  ///< of the front, over the same
    template <class S>
    RESIDUA_HD static constexpr Scales of(const X* at, const S* p) {
      const X reach = sqrt((at[t] + number<S>(1e-12)) / peclet(p));  // later by a moment: regular at the start
      return {at[x] / (2 * reach), reach * (peclet(p) / 2)};
    }
  };

  template <class X, class S>
  RESIDUA_HD static constexpr auto features(const X* at, const S* p) {
    const Scales<X> s = Scales<X>::of(at, p);
    return rows(s.depth / (1 + s.depth), s.drift / (1 + s.drift));
  }

  /// 1 / erfcx(z) to about a percent: its value and slope at z = 0, and sqrt(pi) z far away.
  template <class S, class X>
  RESIDUA_HD static constexpr X growth(const X& z) {
    constexpr double slope = kTwoOverSqrtPi, rest = 2 / kTwoOverSqrtPi - slope;
    return z * number<S>(slope) + sqrt(1 + z * z * number<S>(rest * rest));
  }

  /// Starts from the front of a column without ends, and adds the pulse around it that makes up for the inlet. Its
  /// height is known at the inlet and at the first moments; between, its fall is known to about a percent. The network
  /// adds a pulse that vanishes at both; inlet and start hold.
  template <class X, class S, class N>
  RESIDUA_HD static constexpr auto transform(const X* at, const S* p, const N* net) {
    const Scales<X> s = Scales<X>::of(at, p);
    const X ahead = s.depth - s.drift, sum = s.depth + s.drift, pulse = exp(-(ahead * ahead));
    const X height = erfcx(s.depth) * erfcx(s.drift) * growth<S>(s.depth) * growth<S>(s.drift) / growth<S>(sum);
    const X between = s.depth / (1 + s.depth) * s.drift / (1 + s.drift);
    return rows(erfc_of(ahead) / 2 + pulse * (height / 2 + between * net[c]));
  }

  static auto exact() {
    // exp(a t + k x) with a = k^2 / Pe - k
    return std::tuple{ExactCase{
        "a decaying profile in the flow", {0.2}, [](const auto* at, auto* f) { f[c] = exp(at[t] * 1.05 - at[x]); }}};
  }
};

}  // namespace residua::inline RESIDUA_ISA::physics
