#include "kernels/cuda/physics_launch.hpp"

#include <type_traits>

#include "kernels/cuda/call_checks.hpp"
#include "kernels/cuda/fused_tile.hpp"
#include "kernels/cuda/launch.hpp"
#include "kernels/cuda/reduction.hpp"
#include "kernels/cuda/residual_point.hpp"

namespace residua::cuda {
namespace {

template <class S>
constexpr bool kTwice = std::is_same_v<S, double>;

template <class S>
TilePlan plan_for(const TermSizes& sizes, const MlpShape& shape, std::int64_t n, bool gradient, Multiply multiply) {
  return TilePlan::of<S>(shape, sizes.channels, sizes.curved, sizes.equations, n,
                         gradient ? Pass::gradient : Pass::rows, shared_limit(), kMaxBlocks,
                         multiply == Multiply::warp_groups && !kTwice<S> ? kStagedBytes : 0);
}

}  // namespace

template <class S>
std::size_t workspace_bytes(const DevicePhysics& physics, int term, const MlpShape& shape, std::int64_t n,
                            bool gradient, Multiply multiply) {
  return plan_for<S>(fitting_sizes(physics, term, shape, n), shape, n, gradient, multiply).bytes;
}
template std::size_t workspace_bytes<float>(const DevicePhysics&, int, const MlpShape&, std::int64_t, bool, Multiply);
template std::size_t workspace_bytes<double>(const DevicePhysics&, int, const MlpShape&, std::int64_t, bool, Multiply);

template <class S>
void fused(const DevicePhysics& physics, int term, const Network<S>& network, const Points<S>& points,
           const FusedWeights<S>& weights, const FusedResult<S>& result, Workspace workspace, Stream stream,
           Multiply multiply) {
  const TermSizes sizes = fitting_sizes(physics, term, network.shape, points.n, points.design_count);
  const TilePlan plan = plan_for<S>(sizes, network.shape, points.n, result.gradient != nullptr, multiply);
  require(workspace, plan.bytes, "workspace_bytes()");
  const FusedArgs<S> args{{network, points, weights, plan, static_cast<unsigned char*>(workspace.data)},
                          result.residual};
  if (plan.blocks > 0) {
    const FusedKernels kernels = physics.fused(term, kTwice<S>, multiply);
    launch(result.gradient ? kernels.gradient : kernels.rows, args,
           {unsigned(plan.blocks), kThreads, plan.shared_bytes}, stream, "launch of the fused kernel");
  }
  launch_reduction(args, sizes.equations, result, stream);
}
template void fused(const DevicePhysics&, int, const Network<float>&, const Points<float>&, const FusedWeights<float>&,
                    const FusedResult<float>&, Workspace, Stream, Multiply);
template void fused(const DevicePhysics&, int, const Network<double>&, const Points<double>&,
                    const FusedWeights<double>&, const FusedResult<double>&, Workspace, Stream, Multiply);

template <class S>
void residual(const DevicePhysics& physics, int term, const ResidualArgs<S>& args, Stream stream) {
  if (args.points.n < 1) return;
  const ResidualKernels kernels = physics.residual(term, kTwice<S>);
  launch(args.rows ? kernels.forward : kernels.backward, args,
         {unsigned((args.points.n + kResidualBlock - 1) / kResidualBlock), kResidualBlock}, stream,
         "launch of the residual kernel");
}
template void residual(const DevicePhysics&, int, const ResidualArgs<float>&, Stream);
template void residual(const DevicePhysics&, int, const ResidualArgs<double>&, Stream);

}  // namespace residua::cuda
