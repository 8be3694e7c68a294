#pragma once
#include "kernels/core/physics.hpp"

namespace residua::inline RESIDUA_ISA {

/// What a network carries from layer to layer: channels of a jet, and after them, where `collapsed`, one channel more
/// for a linear operator whose derivatives nobody else reads, s = sum over its leaves of c_m * (derivative m), with
/// coefficients that differ per point but do not depend on the network. For u_t - D u_xx that is s and u_x in place of
/// u_t, u_x and u_xx. An affine layer maps s linearly; through an activation f
///   s' = f' s + sum over leaves of c_m * (the curved part of Faà di Bruno's formula for m),
/// to which leaves of first order add nothing, so only the curved ones are listed.
struct Propagation {
  static constexpr int kMaxCurved = 8;
  Channels base;
  bool collapsed = false;
  int curved = 0;
  Derivative leaf[kMaxCurved]{};

  constexpr bool operator==(const Propagation&) const = default;
  constexpr int count() const { return base.count + (collapsed ? 1 : 0); }
  constexpr int order() const {
    int most = collapsed && base.order() == 0 ? 1 : base.order();  // s' needs f' even if nothing else does
    for (int m = 0; m < curved; ++m)
      if (residua::order(leaf[m]) > most) most = residua::order(leaf[m]);
    return most;
  }

  /// The same with coordinates renumbered 0, 1, ...: the network does not care which coordinate a channel belongs to,
  /// so terms that differ only in that share its code.
  constexpr Propagation renumbered() const {
    int number[kMaxCoords]{}, next = 0;
    const auto used = [&](int c) {
      for (int k = 0; k < base.count; ++k)
        if (times(base.derivative[k], c) > 0) return true;
      return false;
    };
    for (int c = 0; c < kMaxCoords; ++c)
      if (used(c)) number[c] = next++;
    const auto renumber = [&](Derivative d) {
      Derivative r = 0;
      for (int c = 0; c < kMaxCoords; ++c) r += times(d, c) * along(number[c]);
      return r;
    };
    Propagation r = *this;
    for (int k = 0; k < base.count; ++k) r.base.derivative[k] = renumber(base.derivative[k]);
    for (int m = 0; m < curved; ++m) r.leaf[m] = renumber(leaf[m]);
    return r;
  }
};

/// A scalar that only takes notes, on which transform and residual run at compile time: which leaves of the network's
/// jet it depends on linearly, with a factor that is free of the network, and which in another way.
struct LinearTrace {
  using Base = double;
  unsigned long long linear = 0, other = 0;
  bool network = false;  ///< whether it depends on the network at all

  constexpr LinearTrace() = default;
  constexpr LinearTrace(double) {}
  constexpr LinearTrace(Trace) {}
  constexpr LinearTrace(unsigned long long leaves, bool) : linear(leaves), network(true) {}

  constexpr LinearTrace operator-() const { return *this; }
  friend constexpr LinearTrace operator+(LinearTrace a, LinearTrace b) {
    LinearTrace r;
    r.linear = a.linear | b.linear;
    r.other = a.other | b.other;
    r.network = a.network || b.network;
    return r;
  }
  friend constexpr LinearTrace operator-(LinearTrace a, LinearTrace b) { return a + b; }
  friend constexpr LinearTrace operator*(LinearTrace a, LinearTrace b) {
    return a.network && b.network ? (a + b).bent() : a + b;
  }
  friend constexpr LinearTrace operator/(LinearTrace a, LinearTrace b) { return a + b.bent(); }
  friend constexpr LinearTrace exp(LinearTrace a) { return a.bent(); }
  friend constexpr LinearTrace log(LinearTrace a) { return a.bent(); }
  friend constexpr LinearTrace sqrt(LinearTrace a) { return a.bent(); }
  friend constexpr LinearTrace sin(LinearTrace a) { return a.bent(); }
  friend constexpr LinearTrace cos(LinearTrace a) { return a.bent(); }
  friend constexpr LinearTrace tanh(LinearTrace a) { return a.bent(); }
  friend constexpr LinearTrace if_less(LinearTrace a, LinearTrace b, LinearTrace yes, LinearTrace no) {
    const LinearTrace chosen = yes + no, condition = a + b;
    return condition.network ? (chosen + condition).bent() : chosen;
  }

 private:
  constexpr LinearTrace bent() const {
    LinearTrace r;
    r.other = linear | other;
    r.network = network;
    return r;
  }
};

/// How the network under a term propagates its jet, and where its collapsed channel enters the rows.
struct Collapse {
  Propagation propagation;
  int leaves = 0;  ///< channels of the jet that became one
  int leaf[Channels::kMax]{};
  int field = 0, equation = 0;  ///< the output they are read of, and the row that reads them

  constexpr bool operator==(const Collapse&) const = default;
};

/// Every channel by itself.
template <class Ph, class Term>
inline constexpr Collapse kPlain{{kChannelsOf<Ph, Term>}};

/// Collapses the leaves which one row reads linearly of one output, where there are at least two. Deduced by running
/// transform and residual on LinearTrace.
template <class Ph, class Term>
inline constexpr Collapse kCollapse = [] {
  constexpr Channels C = kChannelsOf<Ph, Term>;
  constexpr int kFields = Ph::kFields;
  static_assert(kFields * C.count <= 64);
  const auto bit = [&](int field, int k) { return 1ull << (field * C.count + k); };

  const Trace p[Ph::kParams]{};
  Taylor<Trace, C> at[Ph::kCoords]{};
  for (int c = 0; c < Ph::kCoords; ++c) at[c] = Taylor<Trace, C>::coordinate(Trace(), c);
  Taylor<LinearTrace, C> net[kFields]{};
  for (int f = 0; f < kFields; ++f)
    for (int k = 0; k < C.count; ++k) net[f].e[k] = LinearTrace(C.leaf(k) ? bit(f, k) : 0, true);
  const auto fields = transform_of<Ph>(at, p, net);
  Jet<LinearTrace, kFields, Ph::kCoords, C, Trace> u{};
  for (int f = 0; f < kFields; ++f) u.field[f] = fields[f];
  const auto rows = Term::residual(p, u);

  Collapse best = kPlain<Ph, Term>;
  unsigned long long linear[kEquationsOf<Ph, Term>]{}, other = 0;
  for (int e = 0; e < kEquationsOf<Ph, Term>; ++e) {
    const LinearTrace row = LinearTrace() + rows[e];
    linear[e] = row.linear;
    other |= row.other;
  }
  const auto readers = [&](int k) {
    int count = 0;
    for (int f = 0; f < kFields; ++f)
      for (const auto row : linear) count += (row & bit(f, k)) != 0;
    return count;
  };
  const auto bent = [&](int k) {
    for (int f = 0; f < kFields; ++f)
      if (other & bit(f, k)) return true;
    return false;
  };
  for (int f = 0; f < kFields; ++f)
    for (int e = 0; e < kEquationsOf<Ph, Term>; ++e) {
      Collapse found;
      found.field = f;
      found.equation = e;
      bool left_out[Channels::kMax]{};
      for (int k = 1; k < C.count; ++k)
        if (C.leaf(k) && (linear[e] & bit(f, k)) && readers(k) == 1 && !bent(k)) {
          left_out[k] = true;
          found.leaf[found.leaves++] = k;
          if (order(C.derivative[k]) > 1) found.propagation.leaf[found.propagation.curved++] = C.derivative[k];
        }
      found.propagation.base = C.without(left_out);
      found.propagation.collapsed = true;
      if (found.leaves >= 2 && found.leaves > best.leaves) best = found;
    }
  return best;
}();

}  // namespace residua::inline RESIDUA_ISA
