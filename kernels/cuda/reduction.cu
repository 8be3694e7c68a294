#include <cuda_runtime.h>

#include "kernels/cuda/check.hpp"
#include "kernels/cuda/reduction.hpp"

namespace residua::cuda {
namespace {

/// The last block sums the loss, the others the gradient.
template <class S>
__global__ void __launch_bounds__(kThreads)
    reduce_kernel(const double* loss, const S* gradient, int blocks, int equations, std::int64_t parameters,
                  FusedResult<S> result) {
  __shared__ double storage[kThreads];
  if (blockIdx.x + 1 < gridDim.x)
    sum_partials(DeviceBlock{}, blockIdx.x, gradient, blocks, parameters, result.gradient, storage);
  else if (result.loss)
    sum_partials(DeviceBlock{}, 0, loss, blocks, equations, result.loss, storage);
}

}  // namespace

template <class S>
void launch_reduction(const TileArgs<S>& args, int equations, const FusedResult<S>& result, Stream stream) {
  if (!result.loss && !result.gradient) return;
  const TilePlan& plan = args.plan;
  const unsigned blocks = unsigned((plan.parameters + kLanes - 1) / kLanes) + 1;
  reduce_kernel<S><<<blocks, kThreads, 0, stream>>>(reinterpret_cast<const double*>(args.workspace),
                                                    reinterpret_cast<const S*>(args.workspace + plan.gradient_at),
                                                    plan.blocks, equations, plan.parameters, result);
  check(cudaGetLastError(), "launch of the reduction kernel");
}
template void launch_reduction(const TileArgs<float>&, int, const FusedResult<float>&, Stream);
template void launch_reduction(const TileArgs<double>&, int, const FusedResult<double>&, Stream);

}  // namespace residua::cuda
