#include <cuda_runtime.h>

#include "kernels/cuda/check.hpp"
#include "kernels/cuda/fused_cuda.hpp"

namespace residua::cuda {
namespace {

/// Compiled for the same architectures as the kernels: whether the driver can load it is the question.
__global__ void probe() {}

}  // namespace

bool available() noexcept {
  cudaFuncAttributes attributes;
  if (cudaFuncGetAttributes(&attributes, probe) == cudaSuccess) return true;
  (void)cudaGetLastError();  // forget it: no device is an answer, not an error
  return false;
}

bool has_warp_groups() {
  return device_attribute(cudaDevAttrComputeCapabilityMajor) == 9 &&
         device_attribute(cudaDevAttrComputeCapabilityMinor) == 0;
}

}  // namespace residua::cuda
