#pragma once
#include "kernels/core/dual.hpp"
#include "kernels/core/physics.hpp"
#include "kernels/points.hpp"
#include "kernels/propagation.hpp"

namespace residua::inline RESIDUA_ISA {

/// Both ends of the network at one point (or at one pack of points): features in, residual and its adjoint out.
template <class Ph, class Term, class T>
struct Head {
  static constexpr Channels kChannels = kChannelsOf<Ph, Term>;
  static constexpr int kEquations = kEquationsOf<Ph, Term>;
  using S = Base<T>;
  using Entry = Taylor<T, kChannels>;

  T x[Ph::kCoords];
  T p[Ph::kParams];

  /// The inputs of layer 0: shifted and scaled features, then design inputs (whose derivatives are zero).
  /// `design(row)` gives a design input at the point; `in` holds network.shape.inputs entries.
  template <class Design>
  RESIDUA_HD void inputs(const Network<S>& network, int design_count, Design&& design, Entry* in) const {
    Entry at[Ph::kCoords];
    for (int c = 0; c < Ph::kCoords; ++c) at[c] = Entry::coordinate(x[c], c);
    const auto features = features_of<Ph>(at, p);
    for (int f = 0; f < kFeatures<Ph>; ++f) in[f] = (features[f] - T(network.center[f])) * T(network.scale[f]);
    for (int d = 0; d < design_count; ++d) {
      const int f = kFeatures<Ph> + d;
      in[f] = Entry((design(d) - T(network.center[f])) * T(network.scale[f]));
    }
  }

  /// The rows of the term, for network outputs `net` [fields].
  RESIDUA_HD auto residual(const Entry* net) const { return rows_of<T>(net); }

  /// The same for a scalar D that depends on the network: a dual, say.
  template <class D>
  RESIDUA_HD auto rows_of(const Taylor<D, kChannels>* net) const {
    Entry at[Ph::kCoords];
    for (int c = 0; c < Ph::kCoords; ++c) at[c] = Entry::coordinate(x[c], c);
    const auto fields = transform_of<Ph>(at, p, net);
    Jet<D, Ph::kFields, Ph::kCoords, kChannels, T> u{};
    for (int c = 0; c < Ph::kCoords; ++c) u.x[c] = x[c];
    for (int f = 0; f < Ph::kFields; ++f) u.field[f] = fields[f];
    return Term::residual(p, u);
  }
};

/// A scalar that carries how it depends on L variables of the network, as long as it does so linearly with factors that
/// are free of the network; what it is worth, only while it is free of the network altogether.
template <class T, int L>
struct LinearForm {
  using Base = residua::Base<T>;
  T v{};
  T d[L]{};
  bool network = false;

  LinearForm() = default;
  RESIDUA_HD constexpr LinearForm(int c) : v(c) {}
  RESIDUA_HD constexpr LinearForm(T value) : v(value) {}
  RESIDUA_HD explicit constexpr LinearForm(Base c) requires(!SameAs<Base, T>) : v(c) {}

  /// Something of the network that is none of the variables, or depends on them in another way.
  RESIDUA_HD static constexpr LinearForm other() {
    LinearForm r;
    r.network = true;
    return r;
  }
  RESIDUA_HD static constexpr LinearForm variable(int k) {
    LinearForm r = other();
    r.d[k] = T(1);
    return r;
  }

  RESIDUA_HD friend constexpr LinearForm operator+(const LinearForm& a, const LinearForm& b) {
    LinearForm r(a.v + b.v);
    for (int k = 0; k < L; ++k) r.d[k] = a.d[k] + b.d[k];
    r.network = a.network || b.network;
    return r;
  }
  RESIDUA_HD friend constexpr LinearForm operator-(const LinearForm& a, const LinearForm& b) { return a + -b; }
  RESIDUA_HD friend constexpr LinearForm operator-(const LinearForm& a) { return a.scaled(T(-1)); }
  RESIDUA_HD friend constexpr LinearForm operator*(const LinearForm& a, const LinearForm& b) {
    return !b.network ? a.scaled(b.v) : !a.network ? b.scaled(a.v) : other();
  }
  RESIDUA_HD friend constexpr LinearForm operator/(const LinearForm& a, const LinearForm& b) {
    return b.network ? other() : a.scaled(T(1) / b.v);
  }
  RESIDUA_HD friend constexpr LinearForm exp(const LinearForm& a) { return a.network ? other() : exp(a.v); }
  RESIDUA_HD friend constexpr LinearForm log(const LinearForm& a) { return a.network ? other() : log(a.v); }
  RESIDUA_HD friend constexpr LinearForm sqrt(const LinearForm& a) { return a.network ? other() : sqrt(a.v); }
  RESIDUA_HD friend constexpr LinearForm sin(const LinearForm& a) { return a.network ? other() : sin(a.v); }
  RESIDUA_HD friend constexpr LinearForm cos(const LinearForm& a) { return a.network ? other() : cos(a.v); }
  RESIDUA_HD friend constexpr LinearForm tanh(const LinearForm& a) { return a.network ? other() : tanh(a.v); }
  RESIDUA_HD friend constexpr LinearForm if_less(const LinearForm& a, const LinearForm& b, const LinearForm& yes,
                                                 const LinearForm& no) {
    if (a.network || b.network) return other();
    LinearForm r(if_less(a.v, b.v, yes.v, no.v));
    for (int k = 0; k < L; ++k) r.d[k] = if_less(a.v, b.v, yes.d[k], no.d[k]);
    r.network = yes.network || no.network;
    return r;
  }

 private:
  RESIDUA_HD constexpr LinearForm scaled(const T& c) const {
    LinearForm r(v * c);
    for (int k = 0; k < L; ++k) r.d[k] = d[k] * c;
    r.network = network;
    return r;
  }
};

/// A head for a network that propagates as `How` says: each input and output is K channels, the collapsed one last.
template <class Ph, class Term, class T, Collapse How = kCollapse<Ph, Term>>
struct FusedHead {
  using Plain = Head<Ph, Term, T>;
  using Entry = typename Plain::Entry;
  static constexpr Channels kChannels = Plain::kChannels;
  static constexpr Propagation kPropagation = How.propagation;
  static constexpr int K = kPropagation.count(), kBase = kPropagation.base.count, kCurved = kPropagation.curved;
  static constexpr int kEquations = Plain::kEquations, kFields = Ph::kFields;
  using Net = T[kFields][K];

  /// Where channel K of the network lies in the jet.
  template <int Channel>
  static constexpr int kAt = kChannels.find(kPropagation.base.derivative[Channel]);
  /// Which of the leaves is the curved one M.
  template <int M>
  static constexpr int kCurvedLeaf = [] {
    int n = 0, k = 0;
    while (order(kChannels.derivative[How.leaf[k]]) < 2 || n++ < M) ++k;
    return k;
  }();

  Plain at;
  T leaf[How.leaves > 0 ? How.leaves : 1];  ///< coefficients of the collapsed leaves

  /// Finds the coefficients. To be called once coordinates and parameters are set.
  RESIDUA_HD void collapse() {
    if constexpr (kPropagation.collapsed) {
      using D = LinearForm<T, How.leaves>;
      Taylor<D, kChannels> net[kFields];
      for (int f = 0; f < kFields; ++f)
        for (int k = 0; k < kChannels.count; ++k) net[f].e[k] = D::other();
      unroll<How.leaves>([&](auto m) { net[How.field].e[How.leaf[m]] = D::variable(m); });
      const auto rows = at.template rows_of<D>(net);
      for (int m = 0; m < How.leaves; ++m) leaf[m] = rows[How.equation].d[m];
    }
  }

  /// write(m, coefficient) for every curved leaf.
  template <class Write>
  RESIDUA_HD void curved(Write&& write) const {
    unroll<kCurved>([&](auto m) { write(m, leaf[kCurvedLeaf<m>]); });
  }

  /// Inputs of layer 0 as channels, in[input][K]; see Head.
  template <class Design>
  RESIDUA_HD void inputs(const Network<Base<T>>& network, int design_count, Design&& design, T (*in)[K]) const {
    Entry entry[kMaxInputs];
    at.inputs(network, design_count, design, entry);
    for (int i = 0; i < network.shape.inputs; ++i) {
      unroll<kBase>([&](auto k) { in[i][k] = entry[i].e[kAt<k>]; });
      if constexpr (kPropagation.collapsed) {
        in[i][kBase] = leaf[0] * entry[i].e[How.leaf[0]];
        unroll<How.leaves - 1>(
            [&](auto m) { in[i][kBase] = in[i][kBase] + leaf[m + 1] * entry[i].e[How.leaf[m + 1]]; });
      }
    }
  }

  /// Rows of the term.
  RESIDUA_HD void residual(const Net& net, T* rows) const {
    Entry entry[kFields];
    for (int f = 0; f < kFields; ++f) unroll<kBase>([&](auto k) { entry[f].e[kAt<k>] = net[f][k]; });
    const auto r = at.residual(entry);
    for (int e = 0; e < kEquations; ++e) rows[e] = r[e];
    if constexpr (kPropagation.collapsed) rows[How.equation] = rows[How.equation] + net[How.field][kBase];
  }

  /// Rows and their derivatives slope[e][f][k] = d rows[e] / d net[f][k], by duals along the channels of one output at
  /// a time.
  RESIDUA_HD void linearise(const Net& net, T* rows, Net* slope) const {
    using D = Dual<T, kBase>;
    Taylor<D, kChannels> dual[kFields];
    const auto set = [&](int f, bool seeded) {
      unroll<kBase>([&](auto k) { dual[f].e[kAt<k>] = seeded ? D::seed(net[f][k], k) : D(net[f][k]); });
    };
    for (int f = 0; f < kFields; ++f) set(f, false);
    for (int f = 0; f < kFields; ++f) {
      set(f, true);
      const auto r = at.template rows_of<D>(dual);
      set(f, false);
      for (int e = 0; e < kEquations; ++e) {
        rows[e] = r[e].v;
        for (int k = 0; k < kBase; ++k) slope[e][f][k] = r[e].d[k];
        if constexpr (kPropagation.collapsed) slope[e][f][kBase] = T(e == How.equation && f == How.field ? 1 : 0);
      }
    }
    if constexpr (kPropagation.collapsed) rows[How.equation] = rows[How.equation] + net[How.field][kBase];
  }
};

}  // namespace residua::inline RESIDUA_ISA
