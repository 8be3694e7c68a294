#pragma once
#include "kernels/cuda/fused_cuda.hpp"
#include "kernels/cuda/gram_tile.hpp"

namespace residua::cuda {

/// Queues sums += A^T A, upper triangle, by the FP64 tensor cores; see GramArgs. Squares of the sums are independent of
/// each other, and the rows of each are added in their order: the same call gives the same bits.
void launch_gram(const GramArgs& args, Stream stream);

}  // namespace residua::cuda
