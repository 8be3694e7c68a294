// The Gauss-Newton CUDA kernels of one physics: RESIDUA_PHYSICS, which RESIDUA_PHYSICS_HEADER defines. Compiled once
// per physics, in double precision only.
#include <cuda_runtime.h>

#include <algorithm>

#include "kernels/cuda/call_checks.hpp"
#include "kernels/cuda/check.hpp"
#include "kernels/cuda/gauss_newton_launch.hpp"
#include "kernels/cuda/gauss_newton_plan.hpp"
#include "kernels/cuda/gauss_newton_tile.hpp"
#include "kernels/cuda/gram.hpp"
#include "kernels/cuda/reduction.hpp"
#include "kernels/cuda/terms.hpp"
#include RESIDUA_PHYSICS_HEADER

namespace residua::cuda {
namespace {

/// One block a multiprocessor, as chunks of points are cut for: with the registers of two some kernels would spill.
template <class Tile, class Args>
__global__ void __launch_bounds__(kThreads, 1) gauss_newton_kernel(const __grid_constant__ Args args) {
  extern __shared__ __align__(16) unsigned char shared[];
  const auto store = BlockStorage<double>::of(args, Tile::kEquations, int(blockIdx.x), shared);
  Tile(args, store).run(DeviceBlock{}, int(blockIdx.x));
}

template <class Tile, class Args>
void launch(const Args& args, Stream stream) {
  const TilePlan& plan = args.plan;
  if (plan.blocks < 1) return;
  const auto kernel = gauss_newton_kernel<Tile, Args>;
  check(cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, int(plan.shared_bytes)),
        "cudaFuncSetAttribute");
  kernel<<<unsigned(plan.blocks), kThreads, plan.shared_bytes, stream>>>(args);
  check(cudaGetLastError(), "launch of a Gauss-Newton kernel");
}

template <class Ph>
void check_fit(const MlpShape& shape, std::int64_t n, int design_count) {
  check_sizes(Ph::name, kFeatures<Ph>, Ph::kFields, shape, n, design_count);
}

template <class Ph, class Term>
TilePlan tile_plan(const MlpShape& shape, std::int64_t n, Pass pass) {
  return TilePlan::of<double>(shape, kCollapse<Ph, Term>.propagation, kEquationsOf<Ph, Term>, n, pass, shared_limit());
}
template <class Ph, class Term>
NormalPlan normal_plan(const MlpShape& shape, std::int64_t n) {
  return NormalPlan::of(shape, kCollapse<Ph, Term>.propagation, kEquationsOf<Ph, Term>, n, shared_limit());
}

TileArgs<double> tile_args(const Network<double>& network, const Points<double>& points,
                           const FusedWeights<double>& weights, const TilePlan& plan, const Workspace& workspace) {
  return {network, points, weights, plan, static_cast<unsigned char*>(workspace.data)};
}

void check_range(const PointRange& range, std::int64_t n) {
  if (range.first < 0 || range.last < range.first || range.last > n)
    throw Error("cuda: points " + std::to_string(range.first) + " to " + std::to_string(range.last) +
                ", expected some of " + std::to_string(n));
}

}  // namespace

template <class Ph>
std::size_t GaussNewtonLaunch<Ph>::normal_equations_bytes(int term, const MlpShape& shape, std::int64_t n) {
  std::size_t bytes = 0;
  visit_term<Ph>(term, [&]<class Term>() {
    check_fit<Ph>(shape, n, shape.inputs - kFeatures<Ph>);
    bytes = normal_plan<Ph, Term>(shape, n).bytes;
  });
  return bytes;
}

template <class Ph>
void GaussNewtonLaunch<Ph>::add_normal_equations(int term, const Network<double>& network, const Points<double>& points,
                                                 const FusedWeights<double>& weights, double* sums, Workspace workspace,
                                                 Stream stream) {
  visit_term<Ph>(term, [&]<class Term>() {
    check_fit<Ph>(network.shape, points.n, points.design_count);
    const NormalPlan plan = normal_plan<Ph, Term>(network.shape, points.n);
    require(workspace, plan.bytes, "normal_equations_bytes()");
    const auto args = tile_args(network, points, weights, plan.tiles, workspace);
    auto* rows = reinterpret_cast<double*>(args.workspace + plan.rows_at);
    const std::int64_t columns = network.shape.parameters() + 1;
    plan.for_chunks(points.n, [&](const PointRange& range) {
      launch<JacobianTile<Ph, Term>>(JacobianArgs{args, range, rows, plan.stride}, stream);
      launch_gram({rows, kEquationsOf<Ph, Term> * (range.last - range.first), plan.stride, columns, sums}, stream);
    });
  });
}

template <class Ph>
std::size_t GaussNewtonLaunch<Ph>::jacobian_bytes(int term, const MlpShape& shape, std::int64_t n) {
  std::size_t bytes = 0;
  visit_term<Ph>(term, [&]<class Term>() {
    check_fit<Ph>(shape, n, shape.inputs - kFeatures<Ph>);
    for (const Pass pass : {Pass::jacobian, Pass::tangent, Pass::gradient})
      bytes = std::max(bytes, tile_plan<Ph, Term>(shape, n, pass).bytes);
  });
  return bytes;
}

template <class Ph>
void GaussNewtonLaunch<Ph>::jacobian(int term, const Network<double>& network, const Points<double>& points,
                                     const FusedWeights<double>& weights, PointRange range, double* rows,
                                     Workspace workspace, Stream stream) {
  visit_term<Ph>(term, [&]<class Term>() {
    check_fit<Ph>(network.shape, points.n, points.design_count);
    check_range(range, points.n);
    const TilePlan plan = tile_plan<Ph, Term>(network.shape, range.last - range.first, Pass::jacobian);
    require(workspace, plan.bytes, "jacobian_bytes()");
    launch<JacobianTile<Ph, Term>>(
        JacobianArgs{tile_args(network, points, weights, plan, workspace), range, rows, network.shape.parameters() + 1},
        stream);
  });
}

template <class Ph>
void GaussNewtonLaunch<Ph>::product(int term, const Network<double>& network, const Points<double>& points,
                                    const double* direction, double* product, Workspace workspace, Stream stream) {
  visit_term<Ph>(term, [&]<class Term>() {
    check_fit<Ph>(network.shape, points.n, points.design_count);
    const TilePlan plan = tile_plan<Ph, Term>(network.shape, points.n, Pass::tangent);
    require(workspace, plan.bytes, "jacobian_bytes()");
    launch<TangentTile<Ph, Term>>(TangentArgs{tile_args(network, points, {}, plan, workspace), direction, product},
                                  stream);
  });
}

template <class Ph>
void GaussNewtonLaunch<Ph>::transposed_product(int term, const Network<double>& network, const Points<double>& points,
                                               const double* rows, double* product, Workspace workspace,
                                               Stream stream) {
  visit_term<Ph>(term, [&]<class Term>() {
    check_fit<Ph>(network.shape, points.n, points.design_count);
    const TilePlan plan = tile_plan<Ph, Term>(network.shape, points.n, Pass::gradient);
    require(workspace, plan.bytes, "jacobian_bytes()");
    const TransposedArgs args{tile_args(network, points, {}, plan, workspace), rows};
    launch<TransposedTile<Ph, Term>>(args, stream);
    launch_reduction<double>(args, kEquationsOf<Ph, Term>, {nullptr, product, nullptr}, stream);
  });
}

template struct GaussNewtonLaunch<physics::RESIDUA_PHYSICS>;

}  // namespace residua::cuda
