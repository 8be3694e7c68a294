#pragma once
#include "kernels/core/dual.hpp"
#include "kernels/core/physics.hpp"
#include "kernels/residual.hpp"

namespace residua::inline RESIDUA_ISA {

/// A residual without its network, at one point (or one pack of points): jet in, rows out, and back.
/// Templates only on the scalar, so that the CPU and CUDA loops around it are all a backend adds.
template <class Ph, class Term, class T>
struct ResidualAt {
  static constexpr Channels kChannels = kChannelsOf<Ph, Term>;
  static constexpr int K = kChannels.count, kJetRows = Ph::kFields * K, kEquations = kEquationsOf<Ph, Term>;

  T x[Ph::kCoords];
  T p[Ph::kParams];
  T jet[kJetRows];

  RESIDUA_HD auto rows() const {
    Jet<T, Ph::kFields, Ph::kCoords, kChannels> u;
    for (int c = 0; c < Ph::kCoords; ++c) u.x[c] = x[c];
    for (int f = 0; f < Ph::kFields; ++f)
      for (int k = 0; k < K; ++k) u.field[f].e[k] = jet[f * K + k];
    return Term::residual(p, u);
  }

  RESIDUA_HD void vjp(const T* rows_bar, T* jet_bar) const {
    using D = Dual<T, K>;
    Jet<D, Ph::kFields, Ph::kCoords, kChannels, T> u;
    for (int c = 0; c < Ph::kCoords; ++c) u.x[c] = x[c];
    for (int f = 0; f < Ph::kFields; ++f)
      for (int k = 0; k < K; ++k) u.field[f].e[k] = D(jet[f * K + k]);
    for (int f = 0; f < Ph::kFields; ++f) {
      for (int k = 0; k < K; ++k) u.field[f].e[k] = D::seed(jet[f * K + k], k);
      const auto r = Term::residual(p, u);
      for (int k = 0; k < K; ++k) {
        T sum = rows_bar[0] * r[0].d[k];
        for (int e = 1; e < kEquations; ++e) sum = sum + rows_bar[e] * r[e].d[k];
        jet_bar[f * K + k] = sum;
        u.field[f].e[k] = D(jet[f * K + k]);
      }
    }
  }
};

}  // namespace residua::inline RESIDUA_ISA
