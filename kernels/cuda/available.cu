#include <cuda_runtime.h>

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

bool has_warp_groups() noexcept {
  int device = 0, major = 0, minor = 0;
  return cudaGetDevice(&device) == cudaSuccess &&
         cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device) == cudaSuccess &&
         cudaDeviceGetAttribute(&minor, cudaDevAttrComputeCapabilityMinor, device) == cudaSuccess && major == 9 &&
         minor == 0;
}

}  // namespace residua::cuda
