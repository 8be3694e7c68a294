#include <cuda_runtime.h>

#include "kernels/cuda/check.hpp"
#include "kernels/cuda/gram.hpp"

namespace residua::cuda {
namespace {

__global__ void __launch_bounds__(kThreads) gram_kernel(const __grid_constant__ GramArgs args) {
  __shared__ GramTile::Storage storage;
  GramTile(args, storage, blockIdx.x).run(DeviceBlock{});
}

}  // namespace

void launch_gram(const GramArgs& args, Stream stream) {
  if (args.count < 1) return;
  gram_kernel<<<unsigned(GramTile::blocks(args.columns)), kThreads, 0, stream>>>(args);
  check(cudaGetLastError(), "launch of the kernel of normal equations");
}

}  // namespace residua::cuda
