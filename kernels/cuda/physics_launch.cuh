#pragma once
#include <cuda_runtime.h>

#include "kernels/cuda/call_checks.hpp"
#include "kernels/cuda/check.hpp"
#include "kernels/cuda/fused_tile.hpp"
#include "kernels/cuda/physics_launch.hpp"
#include "kernels/cuda/reduction.hpp"
#include "kernels/cuda/residual_point.hpp"

// The definitions behind physics_launch.hpp, for the files that instantiate them: one for each physics, so that they
// compile side by side.

namespace residua::cuda {
namespace {

template <class Ph, class Term, class S, bool kGradient, class Arithmetic>
__global__ void __launch_bounds__(kThreads) fused_kernel(const __grid_constant__ FusedArgs<S> args) {
  extern __shared__ __align__(16) unsigned char shared[];
  using Tile = FusedTile<Ph, Term, S, kGradient, Arithmetic>;
  const auto store = BlockStorage<S>::of(args, Tile::kEquations, int(blockIdx.x), shared);
  Tile(args, store).run(DeviceBlock{}, int(blockIdx.x));
}

constexpr unsigned kResidualBlock = 128;

template <class Ph, class Term, class S, bool kForward>
__global__ void __launch_bounds__(kResidualBlock) residual_kernel(const __grid_constant__ ResidualArgs<S> args) {
  const std::int64_t i = std::int64_t(blockIdx.x) * kResidualBlock + threadIdx.x;
  if (i >= args.points.n) return;
  if constexpr (kForward)
    ResidualPoint<Ph, Term, S>::forward(args, i);
  else
    ResidualPoint<Ph, Term, S>::backward(args, i);
}

template <class Ph, class Term, class S>
TilePlan plan_for(const MlpShape& shape, std::int64_t n, bool gradient) {
  return TilePlan::of<S>(shape, kCollapse<Ph, Term>.propagation, kEquationsOf<Ph, Term>, n,
                         gradient ? Pass::gradient : Pass::rows, shared_limit());
}

template <class Ph, class Term, bool kGradient, class Arithmetic, class S>
void launch(const FusedArgs<S>& args, const FusedResult<S>& result, Stream stream) {
  const TilePlan& plan = args.plan;
  if (plan.blocks > 0) {
    const auto kernel = fused_kernel<Ph, Term, S, kGradient, Arithmetic>;
    check(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, int(plan.shared_bytes)),
          "cudaFuncSetAttribute");
    kernel<<<unsigned(plan.blocks), kThreads, plan.shared_bytes, stream>>>(args);
    check(cudaGetLastError(), "launch of the fused kernel");
  }
  launch_reduction(args, kEquationsOf<Ph, Term>, result, stream);
}

}  // namespace

template <class Ph, class S>
std::size_t PhysicsLaunch<Ph, S>::workspace_bytes(int term, const MlpShape& shape, std::int64_t n, bool gradient) {
  std::size_t bytes = 0;
  visit_term<Ph>(term, [&]<class Term>() {
    check_sizes<Ph>(shape, n, shape.inputs - kFeatures<Ph>);
    bytes = plan_for<Ph, Term, S>(shape, n, gradient).bytes;
  });
  return bytes;
}

template <class Ph, class S, class Arithmetic>
void FusedLaunch<Ph, S, Arithmetic>::fused(int term, const Network<S>& network, const Points<S>& points,
                                           const FusedWeights<S>& weights, const FusedResult<S>& result,
                                           Workspace workspace, Stream stream) {
  visit_term<Ph>(term, [&]<class Term>() {
    check_sizes<Ph>(network.shape, points.n, points.design_count);
    const TilePlan plan = plan_for<Ph, Term, S>(network.shape, points.n, result.gradient != nullptr);
    require(workspace, plan.bytes, "workspace_bytes()");
    const FusedArgs<S> args{{network, points, weights, plan, static_cast<unsigned char*>(workspace.data)},
                            result.residual};
    if (result.gradient)
      launch<Ph, Term, true, Arithmetic>(args, result, stream);
    else
      launch<Ph, Term, false, Arithmetic>(args, result, stream);
  });
}

template <class Ph, class S>
void PhysicsLaunch<Ph, S>::residual(int term, const ResidualArgs<S>& args, Stream stream) {
  visit_term<Ph>(term, [&]<class Term>() {
    if (args.points.n < 1) return;
    const unsigned blocks = unsigned((args.points.n + kResidualBlock - 1) / kResidualBlock);
    const auto kernel = args.rows ? residual_kernel<Ph, Term, S, true> : residual_kernel<Ph, Term, S, false>;
    kernel<<<blocks, kResidualBlock, 0, stream>>>(args);
    check(cudaGetLastError(), "launch of the residual kernel");
  });
}

}  // namespace residua::cuda
