// The factory of Objective's ansatz on a GPU.
#include <ATen/ATen.h>
#include <c10/cuda/CUDAStream.h>

#include "kernels/cuda/gauss_newton_cuda.hpp"
#include "kernels/fused.hpp"
#include "pinn/device_ansatz.hpp"

namespace residua {
namespace {

cuda::Stream stream() { return c10::cuda::getCurrentCUDAStream().stream(); }

struct CudaKernels {
  static constexpr at::DeviceType device = at::kCUDA;

  static std::size_t workspace_bytes(TermId term, const MlpShape& shape, std::int64_t n, bool gradient) {
    return cuda::workspace_bytes<double>(term, shape, n, gradient);
  }
  static std::size_t normal_equations_bytes(TermId term, const MlpShape& shape, std::int64_t n) {
    return cuda::normal_equations_bytes(term, shape, n);
  }
  static std::size_t jacobian_bytes(TermId term, const MlpShape& shape, std::int64_t n) {
    return cuda::jacobian_bytes(term, shape, n);
  }
  static void evaluate(TermId term, const Network<double>& network, const Points<double>& points, double* rows,
                       cuda::Workspace workspace) {
    cuda::evaluate(term, network, points, rows, workspace, stream());
  }
  static void fused(TermId term, const Network<double>& network, const Points<double>& points,
                    const FusedWeights<double>& by, const FusedResult<double>& result, cuda::Workspace workspace) {
    cuda::fused(term, network, points, by, result, workspace, stream());
  }
  static void add_normal_equations(TermId term, const Network<double>& network, const Points<double>& points,
                                   const FusedWeights<double>& by, double* sums, cuda::Workspace workspace) {
    cuda::add_normal_equations(term, network, points, by, sums, workspace, stream());
  }
  static void jacobian(TermId term, const Network<double>& network, const Points<double>& points,
                       const FusedWeights<double>& by, cuda::PointRange range, double* rows,
                       cuda::Workspace workspace) {
    cuda::jacobian(term, network, points, by, range, rows, workspace, stream());
  }
  static void jacobian_product(TermId term, const Network<double>& network, const Points<double>& points,
                               const double* direction, double* product, cuda::Workspace workspace) {
    cuda::jacobian_product(term, network, points, direction, product, workspace, stream());
  }
  static void jacobian_transposed_product(TermId term, const Network<double>& network, const Points<double>& points,
                                          const double* rows, double* product, cuda::Workspace workspace) {
    cuda::jacobian_transposed_product(term, network, points, rows, product, workspace, stream());
  }
};

}  // namespace
}  // namespace residua

/// The caller deletes it. Null for what the kernels do not do.
extern "C" const residua::Ansatz* residua_device_ansatz(const residua::Problem& problem) {
  if (problem.shape().trunk.slopes() > 0) return nullptr;
  return new residua::DeviceAnsatz<residua::CudaKernels>(problem);
}
