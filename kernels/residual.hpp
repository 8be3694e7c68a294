#pragma once
#include <array>
#include <vector>

#include "kernels/core/channels.hpp"
#include "kernels/fused.hpp"

namespace residua {

/// One row of a jet: a field of the physics, and the coordinates it is differentiated along (-1: none).
struct JetRow {
  int field;
  std::array<int, kMaxOrder> coords;
};

/// The rows that a term's residual reads, in the order in which the kernels want them: all channels of field 0, then of
/// field 1, ... The derivatives that the equation does not use are not among them.
std::vector<JetRow> jet_rows(TermId term);

/// A residual by itself, for networks that are evaluated elsewhere: jet rows in, residual rows out, or the way back.
template <class S>
struct ResidualArgs {
  Points<S> points;
  const S* jet = nullptr;       ///< [jet rows][n]: fields and their derivatives, dimensionless
  S* rows = nullptr;            ///< [equations][n]; null: backward
  const S* rows_bar = nullptr;  ///< [equations][n], backward only
  S* jet_bar = nullptr;         ///< [jet rows][n], backward only
};

/// rows[e] = residual e of the term at every point.
template <class S>
void residual(TermId term, const Points<S>& points, const S* jet, S* rows);

/// jet_bar = vector-Jacobian product of `residual` with rows_bar, by dual numbers of the same functor.
template <class S>
void residual_vjp(TermId term, const Points<S>& points, const S* jet, const S* rows_bar, S* jet_bar);

}  // namespace residua
