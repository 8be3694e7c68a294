#pragma once
#include "kernels/residual_body.hpp"

namespace residua::cuda {

/// Threads of a block of those that work on a point each.
inline constexpr unsigned kResidualBlock = 128;

/// One thread's work on a residual without its network: point i of the rows.
template <class Ph, class Term, class S>
struct ResidualPoint {
  using At = ResidualAt<Ph, Term, S>;

  RESIDUA_HD static void forward(const ResidualArgs<S>& args, std::int64_t i) {
    const auto r = load(args, i).rows();
    for (int e = 0; e < At::kEquations; ++e) args.rows[e * args.points.n + i] = r[e];
  }

  RESIDUA_HD static void backward(const ResidualArgs<S>& args, std::int64_t i) {
    S rows_bar[At::kEquations], jet_bar[At::kJetRows];
    for (int e = 0; e < At::kEquations; ++e) rows_bar[e] = args.rows_bar[e * args.points.n + i];
    load(args, i).vjp(rows_bar, jet_bar);
    for (int k = 0; k < At::kJetRows; ++k) args.jet_bar[k * args.points.n + i] = jet_bar[k];
  }

 private:
  RESIDUA_HD static At load(const ResidualArgs<S>& args, std::int64_t i) {
    const Points<S>& points = args.points;
    At at;
    for (int c = 0; c < Ph::kCoords; ++c) at.x[c] = points.coords[c * points.n + i];
    for (int k = 0; k < Ph::kParams; ++k) {
      const int row = points.design_row[k];
      at.p[k] = row < 0 ? points.params[k] : points.design[row * points.n + i];
    }
    for (int k = 0; k < At::kJetRows; ++k) at.jet[k] = args.jet[k * points.n + i];
    return at;
  }
};

}  // namespace residua::cuda
