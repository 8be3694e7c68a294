// From the number of a physics to its kernels.
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "kernels/core/error.hpp"
#include "kernels/cuda/cuda_registry.hpp"
#include "kernels/cuda/fused_cuda.hpp"
#include "kernels/cuda/gauss_newton_launch.hpp"
#include "kernels/cuda/physics_launch.hpp"
#include "kernels/cuda/residual_cuda.hpp"
#include "kernels/registry.hpp"

namespace residua::cuda {
namespace {

template <class Ph, class... Some>
constexpr bool is_one_of(const std::tuple<Some...>*) {
  return (std::is_same_v<Ph, Some> || ...);
}

/// visit_physics() for the physics that `id` names. Throws Error if the registry has none, or this build no kernels of
/// it.
template <class F>
void visit(TermId id, F&& f) {
  const bool known = visit_physics(id.physics, [&]<class Ph>() {
    if constexpr (is_one_of<Ph>(static_cast<const CudaRegistry*>(nullptr)))
      f.template operator()<Ph>();
    else
      throw Error("cuda: " + std::string(Ph::name) +
                  ": expected a physics that RESIDUA_CUDA_PHYSICS named when this was built: all, unless it was set");
  });
  if (!known) throw Error("cuda: no physics " + std::to_string(id.physics) + "; find_term() gives valid ones");
}

std::vector<std::unique_ptr<const DevicePhysics>>& added() {
  static std::vector<std::unique_ptr<const DevicePhysics>> all;
  return all;
}

constexpr int kRegistry = int(std::tuple_size_v<Registry>);

const DevicePhysics& physics_of(TermId id) {
  if (id.physics >= kRegistry && id.physics < kRegistry + int(added().size()))
    return *added()[std::size_t(id.physics - kRegistry)];
  const DevicePhysics* found = nullptr;
  visit(id, [&]<class Ph>() { found = &device_physics<Ph>(); });
  return *found;
}

}  // namespace

void add_device_physics(std::unique_ptr<const DevicePhysics> physics) { added().push_back(std::move(physics)); }

template <class S>
std::size_t workspace_bytes(TermId term, const MlpShape& shape, std::int64_t n, bool gradient, Multiply multiply) {
  return workspace_bytes<S>(physics_of(term), term.term, shape, n, gradient, multiply);
}
template std::size_t workspace_bytes<float>(TermId, const MlpShape&, std::int64_t, bool, Multiply);
template std::size_t workspace_bytes<double>(TermId, const MlpShape&, std::int64_t, bool, Multiply);

template <class S>
void fused(TermId term, const Network<S>& network, const Points<S>& points, const FusedWeights<S>& weights,
           const FusedResult<S>& result, Workspace workspace, Stream stream, Multiply multiply) {
  fused(physics_of(term), term.term, network, points, weights, result, workspace, stream, multiply);
}
template void fused(TermId, const Network<float>&, const Points<float>&, const FusedWeights<float>&,
                    const FusedResult<float>&, Workspace, Stream, Multiply);
template void fused(TermId, const Network<double>&, const Points<double>&, const FusedWeights<double>&,
                    const FusedResult<double>&, Workspace, Stream, Multiply);

template <class S>
void evaluate(TermId term, const Network<S>& network, const Points<S>& points, S* rows, Workspace workspace,
              Stream stream) {
  fused<S>(term, network, points, {}, {.residual = rows}, workspace, stream);
}
template void evaluate(TermId, const Network<float>&, const Points<float>&, float*, Workspace, Stream);
template void evaluate(TermId, const Network<double>&, const Points<double>&, double*, Workspace, Stream);

template <class S>
void residual(TermId term, const Points<S>& points, const S* jet, S* rows, Stream stream) {
  residual<S>(physics_of(term), term.term, {points, jet, rows}, stream);
}
template void residual(TermId, const Points<float>&, const float*, float*, Stream);
template void residual(TermId, const Points<double>&, const double*, double*, Stream);

template <class S>
void residual_vjp(TermId term, const Points<S>& points, const S* jet, const S* rows_bar, S* jet_bar, Stream stream) {
  residual<S>(physics_of(term), term.term, {points, jet, nullptr, rows_bar, jet_bar}, stream);
}
template void residual_vjp(TermId, const Points<float>&, const float*, const float*, float*, Stream);
template void residual_vjp(TermId, const Points<double>&, const double*, const double*, double*, Stream);

std::size_t normal_equations_bytes(TermId term, const MlpShape& shape, std::int64_t n) {
  return normal_equations_bytes(physics_of(term), term.term, shape, n);
}

void add_normal_equations(TermId term, const Network<double>& network, const Points<double>& points,
                          const FusedWeights<double>& weights, double* sums, Workspace workspace, Stream stream) {
  add_normal_equations(physics_of(term), term.term, network, points, weights, sums, workspace, stream);
}

std::size_t jacobian_bytes(TermId term, const MlpShape& shape, std::int64_t n) {
  return jacobian_bytes(physics_of(term), term.term, shape, n);
}

void jacobian(TermId term, const Network<double>& network, const Points<double>& points,
              const FusedWeights<double>& weights, PointRange range, double* rows, Workspace workspace, Stream stream) {
  jacobian(physics_of(term), term.term, network, points, weights, range, rows, workspace, stream);
}

void jacobian_product(TermId term, const Network<double>& network, const Points<double>& points,
                      const double* direction, double* product, Workspace workspace, Stream stream) {
  jacobian_product(physics_of(term), term.term, network, points, direction, product, workspace, stream);
}

void jacobian_transposed_product(TermId term, const Network<double>& network, const Points<double>& points,
                                 const double* rows, double* product, Workspace workspace, Stream stream) {
  jacobian_transposed_product(physics_of(term), term.term, network, points, rows, product, workspace, stream);
}

}  // namespace residua::cuda
