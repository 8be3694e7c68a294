#include <cuda_runtime.h>

#include "kernels/cuda/check.hpp"
#include "surrogates/cuda/batch_kernels.hpp"

namespace residua::cuda {
namespace {

constexpr unsigned kBlock = 128;

template <class S, class Io, bool kEnter>
__global__ void __launch_bounds__(kBlock) end_kernel(const __grid_constant__ Batch<S, Io> batch) {
  const std::int64_t i = std::int64_t(blockIdx.x) * kBlock + threadIdx.x;
  if (i >= batch.n) return;
  if constexpr (kEnter)
    batch.enter(i);
  else
    batch.leave(i);
}

template <bool kEnter, class S, class Io>
void launch(const Batch<S, Io>& batch, CUstream_st* stream) {
  if (batch.n < 1) return;
  end_kernel<S, Io, kEnter><<<unsigned((batch.n + kBlock - 1) / kBlock), kBlock, 0, stream>>>(batch);
  check(cudaGetLastError(), kEnter ? "launch of the kernel that enters a batch" : "launch of the kernel that ends one");
}

}  // namespace

template <class S, class Io>
void enter(const Batch<S, Io>& batch, CUstream_st* stream) {
  launch<true>(batch, stream);
}
template <class S, class Io>
void leave(const Batch<S, Io>& batch, CUstream_st* stream) {
  launch<false>(batch, stream);
}
template void enter(const Batch<float, float>&, CUstream_st*);
template void enter(const Batch<float, double>&, CUstream_st*);
template void enter(const Batch<double, float>&, CUstream_st*);
template void enter(const Batch<double, double>&, CUstream_st*);
template void leave(const Batch<float, float>&, CUstream_st*);
template void leave(const Batch<float, double>&, CUstream_st*);
template void leave(const Batch<double, float>&, CUstream_st*);
template void leave(const Batch<double, double>&, CUstream_st*);

}  // namespace residua::cuda
