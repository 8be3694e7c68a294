#pragma once
#include "kernels/cuda/fused_cuda.hpp"
#include "kernels/cuda/fused_tile.hpp"

namespace residua::cuda {

/// Queues the sum of what the blocks of a fused pass left in their workspace, into result.loss and result.gradient.
template <class S>
void launch_reduction(const TileArgs<S>& args, int equations, const FusedResult<S>& result, Stream stream);

}  // namespace residua::cuda
