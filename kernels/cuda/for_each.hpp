#pragma once
#include <cstdint>

#include "kernels/cuda/adam.hpp"
#include "kernels/cuda/fused_cuda.hpp"
#include "kernels/cuda/guide.hpp"
#include "kernels/cuda/sampler.hpp"

namespace residua::cuda {

/// body(i) for every i below n on the current device, each in a thread of its own: PointSampler, AdamStep, Tick or
/// those of guide.hpp, whose pointers are device pointers. The work is queued on `stream`, and may be captured into a
/// graph. Throws Error for what CUDA reports.
template <class Body>
void for_each(std::int64_t n, const Body& body, Stream stream);

}  // namespace residua::cuda
