#pragma once
#include "kernels/cuda/fused_cuda.hpp"
#include "kernels/residual.hpp"

namespace residua::cuda {

// How a tile multiplies (fused_tile.hpp, warp_product.hpp).
struct PerThread;
struct SplitTf32;
struct WholeDoubles;

// The entry points of fused_cuda.hpp and residual_cuda.hpp for one physics and precision; `term` as in TermId.
// Instantiated in translation units of their own for each physics.

template <class Ph, class S, class Arithmetic>
struct FusedLaunch {
  static void fused(int term, const Network<S>& network, const Points<S>& points, const FusedWeights<S>& weights,
                    const FusedResult<S>& result, Workspace workspace, Stream stream);
};

template <class Ph, class S>
struct PhysicsLaunch {
  static std::size_t workspace_bytes(int term, const MlpShape& shape, std::int64_t n, bool gradient);
  /// Rows of the residual or, without `args.rows`, its vector-Jacobian product.
  static void residual(int term, const ResidualArgs<S>& args, Stream stream);
};

}  // namespace residua::cuda
