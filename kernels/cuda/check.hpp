#pragma once
#include <cuda_runtime_api.h>

#include <string>

#include "kernels/core/error.hpp"

namespace residua::cuda {

/// Throws Error if a call of the CUDA runtime failed: which call, where, and what CUDA says about it.
/// For a kernel, check cudaGetLastError() after the launch.
inline void check(cudaError_t status, const char* call, const char* file = __builtin_FILE(),
                  int line = __builtin_LINE()) {
  if (status == cudaSuccess) return;
  throw Error(std::string(file) + ":" + std::to_string(line) + ": " + call + ": " + cudaGetErrorString(status) + " (" +
              cudaGetErrorName(status) + ")");
}

/// Of the current device. Throws Error if there is none.
inline int device_attribute(cudaDeviceAttr attribute) {
  int device = 0, value = 0;
  check(cudaGetDevice(&device), "cudaGetDevice");
  check(cudaDeviceGetAttribute(&value, attribute, device), "cudaDeviceGetAttribute");
  return value;
}

}  // namespace residua::cuda
