#pragma once
#include "kernels/residual.hpp"

struct CUstream_st;

namespace residua::cuda {

/// residua::residual() on the current device: all pointers are device pointers, the work is queued on `stream`.
/// Throws Error for a term that does not exist, and for what CUDA reports at the launch.
template <class S>
void residual(TermId term, const Points<S>& points, const S* jet, S* rows, CUstream_st* stream);

/// residua::residual_vjp() on the current device, likewise.
template <class S>
void residual_vjp(TermId term, const Points<S>& points, const S* jet, const S* rows_bar, S* jet_bar,
                  CUstream_st* stream);

}  // namespace residua::cuda
