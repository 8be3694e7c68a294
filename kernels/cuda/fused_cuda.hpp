#pragma once
#include <cstddef>
#include <cstdint>

#include "kernels/fused.hpp"

struct CUstream_st;

namespace residua::cuda {

/// A stream of the CUDA runtime (cudaStream_t), named here without its headers. Null: the default stream.
using Stream = CUstream_st*;

/// Device memory that the caller lends to a call; its content is undefined before and after. Aligned to 256 bytes, as
/// cudaMalloc and its like return it. Calls that may run at the same time need one each.
struct Workspace {
  void* data = nullptr;
  std::size_t bytes = 0;
};

/// What multiplies within a layer: the threads, each for itself, or the tensor cores, to which floats go in two halves,
/// so that the result has the accuracy of floats either way. Of GPUs of compute capability 9.0 whole warp groups can
/// multiply floats, from shared memory; others refuse that at the launch, and doubles are left to the tensor cores of
/// each warp then. Layers with eight features or less are left to the threads.
enum class Multiply { threads, tensor_cores, warp_groups };

/// Bytes that fused() (with or without a gradient) or evaluate() need on the current device.
/// Throws Error for sizes beyond kernels/points.hpp or that do not fit the physics.
template <class S>
std::size_t workspace_bytes(TermId term, const MlpShape& shape, std::int64_t n, bool gradient,
                            Multiply multiply = Multiply::threads);

/// residua::fused() on the current device: all pointers are device pointers, the work is queued on `stream`.
/// The sums are taken in an order that depends on n and `multiply` only: same call, same bits.
/// Throws Error for sizes beyond kernels/points.hpp or that do not fit the physics, for a workspace that is too small,
/// and for what CUDA reports at the launch. Errors while the kernel runs surface at the caller's next synchronisation.
template <class S>
void fused(TermId term, const Network<S>& network, const Points<S>& points, const FusedWeights<S>& weights,
           const FusedResult<S>& result, Workspace workspace, Stream stream, Multiply multiply = Multiply::threads);

/// residua::evaluate() on the current device: rows [equations][n] of the term.
template <class S>
void evaluate(TermId term, const Network<S>& network, const Points<S>& points, S* rows, Workspace workspace,
              Stream stream);

/// Whether there is a device that can run these kernels.
bool available() noexcept;
/// Whether the current device takes Multiply::warp_groups. Throws Error if there is none.
bool has_warp_groups();

}  // namespace residua::cuda
