#include <cuda_runtime.h>

#include "bench/adam.hpp"
#include "kernels/cuda/check.hpp"

namespace residua::bench {
namespace {

constexpr int kBlock = 256;

template <class S>
__global__ void adam_kernel(const Adam<S> adam, S mean_share, S square_share) {
  const std::int64_t k = std::int64_t(blockIdx.x) * kBlock + threadIdx.x;
  if (k >= adam.count) return;
  const S g = adam.gradient[k];
  const S mean = adam.mean[k] = S(0.9) * adam.mean[k] + S(0.1) * g;
  const S square = adam.square[k] = S(0.999) * adam.square[k] + S(0.001) * g * g;
  adam.weights[k] -= adam.rate * (mean / mean_share) / (sqrt(square / square_share) + S(1e-8));
}

}  // namespace

template <class S>
void Adam<S>::queue(CUstream_st* stream) const {
  const S mean_share = S(1 - std::pow(0.9, step)), square_share = S(1 - std::pow(0.999, step));
  adam_kernel<S><<<unsigned((count + kBlock - 1) / kBlock), kBlock, 0, stream>>>(*this, mean_share, square_share);
  cuda::check(cudaGetLastError(), "launch of the Adam kernel");
}
template struct Adam<float>;
template struct Adam<double>;

}  // namespace residua::bench
