#include "kernels/cuda/gauss_newton_launch.hpp"

#include <algorithm>

#include "kernels/cuda/call_checks.hpp"
#include "kernels/cuda/gauss_newton_plan.hpp"
#include "kernels/cuda/gauss_newton_tile.hpp"
#include "kernels/cuda/gram.hpp"
#include "kernels/cuda/launch.hpp"
#include "kernels/cuda/reduction.hpp"

namespace residua::cuda {
namespace {

template <class Args>
void launch_tiles(const void* kernel, const Args& args, Stream stream) {
  const TilePlan& plan = args.plan;
  if (plan.blocks > 0)
    launch(kernel, args, {unsigned(plan.blocks), kThreads, plan.shared_bytes}, stream,
           "launch of a Gauss-Newton kernel");
}

TilePlan tile_plan(const TermSizes& sizes, const MlpShape& shape, std::int64_t n, Pass pass) {
  return TilePlan::of<double>(shape, sizes.channels, sizes.curved, sizes.equations, n, pass, shared_limit());
}
NormalPlan normal_plan(const TermSizes& sizes, const MlpShape& shape, std::int64_t n) {
  return NormalPlan::of(shape, sizes.channels, sizes.curved, sizes.equations, n, shared_limit());
}

TileArgs<double> tile_args(const Network<double>& network, const Points<double>& points,
                           const FusedWeights<double>& weights, const TilePlan& plan, const Workspace& workspace) {
  return {network, points, weights, plan, static_cast<unsigned char*>(workspace.data)};
}

/// For the passes that jacobian_bytes() speaks of, over so many of the points.
TileArgs<double> tile_args(const TermSizes& sizes, const Network<double>& network, const Points<double>& points,
                           const FusedWeights<double>& weights, std::int64_t n, Pass pass, const Workspace& workspace) {
  const TilePlan plan = tile_plan(sizes, network.shape, n, pass);
  require(workspace, plan.bytes, "jacobian_bytes()");
  return tile_args(network, points, weights, plan, workspace);
}

void check_range(const PointRange& range, std::int64_t n) {
  if (range.first < 0 || range.last < range.first || range.last > n)
    throw Error("cuda: points " + std::to_string(range.first) + " to " + std::to_string(range.last) +
                ", expected some of " + std::to_string(n));
}

}  // namespace

std::size_t normal_equations_bytes(const DevicePhysics& physics, int term, const MlpShape& shape, std::int64_t n) {
  return normal_plan(fitting_sizes(physics, term, shape, n), shape, n).bytes;
}

void add_normal_equations(const DevicePhysics& physics, int term, const Network<double>& network,
                          const Points<double>& points, const FusedWeights<double>& weights, double* sums,
                          Workspace workspace, Stream stream) {
  const TermSizes sizes = fitting_sizes(physics, term, network.shape, points.n, points.design_count);
  const NormalPlan plan = normal_plan(sizes, network.shape, points.n);
  require(workspace, plan.bytes, "normal_equations_bytes()");
  const auto args = tile_args(network, points, weights, plan.tiles, workspace);
  auto* rows = reinterpret_cast<double*>(args.workspace + plan.rows_at);
  const void* kernel = physics.gauss_newton(term).jacobian;
  plan.for_chunks(points.n, [&](const PointRange& range) {
    launch_tiles(kernel, JacobianArgs{args, range, rows, plan.stride}, stream);
    launch_gram({rows, sizes.equations * (range.last - range.first), plan.stride, network.shape.parameters() + 1, sums},
                stream);
  });
}

std::size_t jacobian_bytes(const DevicePhysics& physics, int term, const MlpShape& shape, std::int64_t n) {
  const TermSizes sizes = fitting_sizes(physics, term, shape, n);
  std::size_t bytes = 0;
  for (const Pass pass : {Pass::jacobian, Pass::tangent, Pass::gradient})
    bytes = std::max(bytes, tile_plan(sizes, shape, n, pass).bytes);
  return bytes;
}

void jacobian(const DevicePhysics& physics, int term, const Network<double>& network, const Points<double>& points,
              const FusedWeights<double>& weights, PointRange range, double* rows, Workspace workspace, Stream stream) {
  const TermSizes sizes = fitting_sizes(physics, term, network.shape, points.n, points.design_count);
  check_range(range, points.n);
  const auto args = tile_args(sizes, network, points, weights, range.last - range.first, Pass::jacobian, workspace);
  launch_tiles(physics.gauss_newton(term).jacobian, JacobianArgs{args, range, rows, network.shape.parameters() + 1},
               stream);
}

void jacobian_product(const DevicePhysics& physics, int term, const Network<double>& network,
                      const Points<double>& points, const double* direction, double* product, Workspace workspace,
                      Stream stream) {
  const TermSizes sizes = fitting_sizes(physics, term, network.shape, points.n, points.design_count);
  const auto args = tile_args(sizes, network, points, {}, points.n, Pass::tangent, workspace);
  launch_tiles(physics.gauss_newton(term).product, TangentArgs{args, direction, product}, stream);
}

void jacobian_transposed_product(const DevicePhysics& physics, int term, const Network<double>& network,
                                 const Points<double>& points, const double* rows, double* product, Workspace workspace,
                                 Stream stream) {
  const TermSizes sizes = fitting_sizes(physics, term, network.shape, points.n, points.design_count);
  const TransposedArgs args{tile_args(sizes, network, points, {}, points.n, Pass::gradient, workspace), rows};
  launch_tiles(physics.gauss_newton(term).transposed, args, stream);
  launch_reduction<double>(args, sizes.equations, {nullptr, product, nullptr}, stream);
}

}  // namespace residua::cuda
