#pragma once
#include <cstddef>
#include <cstdint>

#include "kernels/cuda/fused_cuda.hpp"

namespace residua::cuda {

// Over all of an array on the current device. The work is queued on `stream` and may be captured into a graph: nothing
// is allocated. Throw Error for what CUDA reports.

/// Bytes that each of them needs for n values.
std::size_t scratch_bytes(std::int64_t n);

/// The sum of n values: on the same device the same bits again.
void sum(const double* values, std::int64_t n, double* total, Workspace scratch, Stream stream);

/// The positions of n keys, none of which may be NaN, from the least key on; equal ones in the order of positions.
void ascending(const double* keys, std::int64_t n, std::int64_t* positions, Workspace scratch, Stream stream);

}  // namespace residua::cuda
