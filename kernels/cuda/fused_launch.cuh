#pragma once
#include <cuda_runtime.h>

#include <string>

#include "kernels/cuda/check.hpp"
#include "kernels/cuda/dispatch.hpp"
#include "kernels/cuda/fused_cuda.hpp"
#include "kernels/cuda/fused_tile.hpp"

// The definitions behind fused_cuda.hpp, for the two files that instantiate them: one for each precision, so that they
// compile side by side.

namespace residua::cuda {
namespace {

template <class Ph, class Term, class S, bool kGradient>
__global__ void __launch_bounds__(kThreads) fused_kernel(const __grid_constant__ FusedArgs<S> args) {
  extern __shared__ __align__(16) unsigned char shared[];
  using Tile = FusedTile<Ph, Term, S, kGradient>;
  const auto store = BlockStorage<S>::of(args, Tile::kEquations, int(blockIdx.x), shared);
  Tile(args, store).run(DeviceBlock{}, int(blockIdx.x));
}

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

/// Bytes of shared memory that a block may have on the current device.
std::size_t shared_limit() {
  int device = 0, bytes = 0;
  check(cudaGetDevice(&device), "cudaGetDevice");
  check(cudaDeviceGetAttribute(&bytes, cudaDevAttrMaxSharedMemoryPerBlockOptin, device), "cudaDeviceGetAttribute");
  return std::size_t(bytes);
}

template <class Ph>
void check_sizes(const MlpShape& shape, std::int64_t n, int design_count) {
  const auto require = [](bool holds, const char* what, std::int64_t found, const std::string& expected) {
    if (!holds)
      throw Error(std::string("cuda, physics ") + std::string(Ph::name) + ": " + what + " is " + std::to_string(found) +
                  ", expected " + expected);
  };
  const int inputs = kFeatures<Ph> + design_count;
  require(n >= 0, "number of points", n, "0 or more");
  require(design_count >= 0, "number of design inputs", design_count, "0 or more");
  require(shape.inputs == inputs && inputs <= kMaxInputs, "number of network inputs", shape.inputs,
          std::to_string(inputs) + " (features and design inputs), at most " + std::to_string(kMaxInputs));
  require(shape.outputs == Ph::kFields, "number of network outputs", shape.outputs, std::to_string(Ph::kFields));
  require(shape.width >= 1 && shape.width <= kMaxWidth, "width", shape.width, "1 to " + std::to_string(kMaxWidth));
  require(shape.slopes() == 0, "number of trainable slopes", shape.slopes(), "0 (they run on the CPU only)");
  require(shape.depth >= 1 && shape.depth <= kMaxDepth, "depth", shape.depth, "1 to " + std::to_string(kMaxDepth));
}

template <class Ph, class Term, class S>
FusedPlan plan_for(const MlpShape& shape, std::int64_t n, bool gradient) {
  return FusedPlan::of<S>(shape, kCollapse<Ph, Term>.propagation, kEquationsOf<Ph, Term>, n, gradient, shared_limit());
}

template <class Ph, class Term, bool kGradient, class S>
void launch(const FusedArgs<S>& args, const FusedResult<S>& result, Stream stream) {
  const FusedPlan& plan = args.plan;
  if (plan.blocks > 0) {
    const auto kernel = fused_kernel<Ph, Term, S, kGradient>;
    check(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, int(plan.shared_bytes)),
          "cudaFuncSetAttribute");
    kernel<<<unsigned(plan.blocks), kThreads, plan.shared_bytes, stream>>>(args);
    check(cudaGetLastError(), "launch of the fused kernel");
  }
  if (!result.loss && !result.gradient) return;
  const unsigned blocks = unsigned((plan.parameters + kLanes - 1) / kLanes) + 1;
  reduce_kernel<S><<<blocks, kThreads, 0, stream>>>(reinterpret_cast<const double*>(args.workspace),
                                                    reinterpret_cast<const S*>(args.workspace + plan.gradient_at),
                                                    plan.blocks, kEquationsOf<Ph, Term>, plan.parameters, result);
  check(cudaGetLastError(), "launch of the reduction kernel");
}

}  // namespace

template <class S>
std::size_t workspace_bytes(TermId term, const MlpShape& shape, std::int64_t n, bool gradient) {
  std::size_t bytes = 0;
  visit_term(term, [&]<class Ph, class Term>() {
    check_sizes<Ph>(shape, n, shape.inputs - kFeatures<Ph>);
    bytes = plan_for<Ph, Term, S>(shape, n, gradient).bytes;
  });
  return bytes;
}

template <class S>
void fused(TermId term, const Network<S>& network, const Points<S>& points, const FusedWeights<S>& weights,
           const FusedResult<S>& result, Workspace workspace, Stream stream) {
  visit_term(term, [&]<class Ph, class Term>() {
    check_sizes<Ph>(network.shape, points.n, points.design_count);
    const FusedPlan plan = plan_for<Ph, Term, S>(network.shape, points.n, result.gradient != nullptr);
    if (workspace.bytes < plan.bytes)
      throw Error("cuda: workspace of " + std::to_string(workspace.bytes) + " bytes, expected " +
                  std::to_string(plan.bytes) + " (workspace_bytes() says how many)");
    const FusedArgs<S> args{network,         points, weights,
                            result.residual, plan,   static_cast<unsigned char*>(workspace.data)};
    if (result.gradient)
      launch<Ph, Term, true>(args, result, stream);
    else
      launch<Ph, Term, false>(args, result, stream);
  });
}

template <class S>
void evaluate(TermId term, const Network<S>& network, const Points<S>& points, S* rows, Workspace workspace,
              Stream stream) {
  fused<S>(term, network, points, {}, {.residual = rows}, workspace, stream);
}

}  // namespace residua::cuda
