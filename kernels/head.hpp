#pragma once
#include "kernels/core/dual.hpp"
#include "kernels/core/physics.hpp"
#include "kernels/points.hpp"

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

  /// net_bar[f] = sum_e r_bar[e] d r_e / d net[f], by duals along the channels of one output at a time.
  RESIDUA_HD void adjoint(const Entry* net, const T* r_bar, Entry* net_bar) const {
    constexpr int K = kChannels.count;
    using D = Dual<T, K>;
    Taylor<D, kChannels> dual[Ph::kFields];
    for (int f = 0; f < Ph::kFields; ++f)
      for (int k = 0; k < K; ++k) dual[f].e[k] = D(net[f].e[k]);
    for (int f = 0; f < Ph::kFields; ++f) {
      for (int k = 0; k < K; ++k) dual[f].e[k] = D::seed(net[f].e[k], k);
      const auto r = rows_of<D>(dual);
      for (int k = 0; k < K; ++k) {
        T sum = r_bar[0] * r[0].d[k];
        for (int e = 1; e < kEquations; ++e) sum = sum + r_bar[e] * r[e].d[k];
        net_bar[f].e[k] = sum;
        dual[f].e[k] = D(net[f].e[k]);
      }
    }
  }

 private:
  template <class D>
  RESIDUA_HD auto rows_of(const Taylor<D, kChannels>* net) const {
    Entry at[Ph::kCoords];
    for (int c = 0; c < Ph::kCoords; ++c) at[c] = Entry::coordinate(x[c], c);
    const auto fields = transform_of<Ph>(at, p, net);
    Jet<D, Ph::kFields, Ph::kCoords, kChannels, T> u;
    for (int c = 0; c < Ph::kCoords; ++c) u.x[c] = x[c];
    for (int f = 0; f < Ph::kFields; ++f) u.field[f] = fields[f];
    return Term::residual(p, u);
  }
};

}  // namespace residua::inline RESIDUA_ISA
