#pragma once
#include "surrogates/cuda/device_batch.hpp"

struct CUstream_st;

namespace residua::cuda {

/// Queue Batch::enter() and Batch::leave() for all points on `stream`. Throw Error for what CUDA reports.
template <class S, class Io>
void enter(const Batch<S, Io>& batch, CUstream_st* stream);
template <class S, class Io>
void leave(const Batch<S, Io>& batch, CUstream_st* stream);

}  // namespace residua::cuda
