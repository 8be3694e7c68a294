#pragma once
#include <cuda_runtime_api.h>

#include <cstddef>

#include "kernels/cuda/check.hpp"
#include "kernels/cuda/fused_cuda.hpp"

namespace residua::cuda {

/// What a grid is made of; `shared` in bytes of each block.
struct Grid {
  unsigned blocks, threads;
  std::size_t shared = 0;
};

/// Queues a kernel that takes `args`; `what` it is stands in the message of an Error.
template <class Args>
void launch(const void* kernel, const Args& args, const Grid& grid, Stream stream, const char* what) {
  if (grid.shared > 0)
    check(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, int(grid.shared)),
          "cudaFuncSetAttribute");
  void* arguments[] = {const_cast<Args*>(&args)};
  check(cudaLaunchKernel(kernel, dim3(grid.blocks), dim3(grid.threads), arguments, grid.shared, stream), what);
}

}  // namespace residua::cuda
