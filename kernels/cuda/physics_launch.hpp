#pragma once
#include "kernels/cuda/device_physics.hpp"
#include "kernels/residual.hpp"

namespace residua::cuda {

// The entry points of fused_cuda.hpp and residual_cuda.hpp for one physics.

template <class S>
std::size_t workspace_bytes(const DevicePhysics& physics, int term, const MlpShape& shape, std::int64_t n,
                            bool gradient, Multiply multiply = Multiply::threads);

template <class S>
void fused(const DevicePhysics& physics, int term, const Network<S>& network, const Points<S>& points,
           const FusedWeights<S>& weights, const FusedResult<S>& result, Workspace workspace, Stream stream,
           Multiply multiply = Multiply::threads);

/// Rows of the residual or, without `args.rows`, its vector-Jacobian product.
template <class S>
void residual(const DevicePhysics& physics, int term, const ResidualArgs<S>& args, Stream stream);

}  // namespace residua::cuda
