#pragma once
#include <cstddef>
#include <cstdint>

#include "kernels/cuda/fused_cuda.hpp"
#include "kernels/cuda/tile_plan.hpp"

namespace residua::cuda {

// What Gauss-Newton and Levenberg-Marquardt methods need of a term, on the current device and in double precision: the
// counterpart of kernels/gauss_newton.hpp, with the same J and W. All pointers are device pointers, but for the shape;
// the work is queued on `stream`, nothing waits for it, and nothing is allocated. The functions may be called from
// several threads, as long as calls that may run at the same time have results and workspaces of their own.
//
// They throw Error for a term that does not exist, for sizes beyond kernels/points.hpp or that do not fit the physics,
// for trainable slopes, for a workspace that is too small, and for what CUDA reports at the launch. Errors while a
// kernel runs surface at the caller's next synchronisation. Points and weights are not looked at: where they are not
// finite, neither are the results. The same call gives the same bits.

/// Bytes that add_normal_equations() needs: 8 equations parameters for each of a few thousand points, and what their
/// tiles take.
std::size_t normal_equations_bytes(TermId term, const MlpShape& shape, std::int64_t n);

/// sums += (J r)^T W (J r), with r less its targets: J^T W J in the upper triangle of sums
/// [parameters + 1][parameters + 1], J^T W r in its last column, the weighted loss r^T W r in the corner. The lower
/// triangle is neither read nor written. Clear the sums before the first term.
void add_normal_equations(TermId term, const Network<double>& network, const Points<double>& points,
                          const FusedWeights<double>& weights, double* sums, Workspace workspace, Stream stream);

/// Bytes that the functions below need for so many points.
std::size_t jacobian_bytes(TermId term, const MlpShape& shape, std::int64_t n);

/// rows [equations * points of the range][parameters + 1] = sqrt(W) (J r) for some of the points: row
/// e * points + i for equation e of the range's point i, the residual less its target as the last column. Throws Error
/// also for a range that is none of the points.
void jacobian(TermId term, const Network<double>& network, const Points<double>& points,
              const FusedWeights<double>& weights, PointRange range, double* rows, Workspace workspace, Stream stream);

/// product [equations][n] = J direction [parameters], without J.
void jacobian_product(TermId term, const Network<double>& network, const Points<double>& points,
                      const double* direction, double* product, Workspace workspace, Stream stream);

/// product [parameters] = the transpose of J times rows [equations][n], without J.
void jacobian_transposed_product(TermId term, const Network<double>& network, const Points<double>& points,
                                 const double* rows, double* product, Workspace workspace, Stream stream);

}  // namespace residua::cuda
