#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/points.hpp"

namespace residua {

/// One term of a physics' loss, or what its surrogate answers ("answer"), as a kernel: what a tile of points needs is
/// computed in one pass, features -> network on jets -> transform -> residual, and back.
/// Found by names once; then cheap to copy and safe to share between threads.
struct TermId {
  int physics = -1;
  int term = -1;  ///< position in Physics::Terms, or the number of terms for "answer"
};

/// Throws Error, listing the known names, if there is no such physics or term.
TermId find_term(std::string_view physics, std::string_view term);

/// What the fused pass computes over the points: for every equation e of the term, with r_e the row less its target,
///   loss[e] = sum over points of weight * r_e^2, and the gradient of sum_e equation_weight[e] * loss[e].
template <class S>
struct FusedResult {
  double* loss = nullptr;  ///< [equations]
  S* gradient = nullptr;   ///< [network parameters]; null: loss and residuals only
  S* residual = nullptr;   ///< [equations][n] rows less targets, or null
};

template <class S>
struct FusedWeights {
  const S* equation = nullptr;  ///< [equations], null: ones
  const S* point = nullptr;     ///< [n], null: ones
  const S* target = nullptr;    ///< [equations][n], null: zeros. What the rows should be: measurements, for instance
};

/// Evaluates a term at all points. `threads` < 1: as many as the machine has (or OMP_NUM_THREADS says).
/// The sums are taken in an order that depends on n and the number of threads only: same call, same bits.
/// Throws Error for sizes beyond kernels/points.hpp or that do not fit the physics, and, naming the point, if a
/// coordinate, a design input, a point weight or a target is NaN or infinite. Weights of the network that make it
/// overflow show in a loss that is not finite.
template <class S>
void fused(TermId term, const Network<S>& network, const Points<S>& points, const FusedWeights<S>& weights,
           const FusedResult<S>& result, int threads = 0);

/// Rows [equations][n] of the term, without gradient: residuals, or the answers of a surrogate.
template <class S>
void evaluate(TermId term, const Network<S>& network, const Points<S>& points, S* rows, int threads = 0);

/// product = J^T rows, with the Jacobian J = d r / d weights of all rows r [equations][n]: the gradient of the sum of
/// rows * r. Costs as much as the fused pass.
template <class S>
void jacobian_transposed_product(TermId term, const Network<S>& network, const Points<S>& points, const S* rows,
                                 S* product, int threads = 0);

/// Names of the instruction sets this machine can run, the widest first.
std::vector<std::string> supported_isas();
/// The instruction set in use: the widest supported, or what the environment variable RESIDUA_FORCE_ISA names.
std::string_view active_isa();
/// Switches to another instruction set. Throws Error, listing the supported ones, if the machine lacks it.
void force_isa(std::string_view name);

}  // namespace residua
