#pragma once
#include "kernels/cuda/gauss_newton_cuda.hpp"

namespace residua::cuda {

/// The entry points of gauss_newton_cuda.hpp for one physics; `term` as in TermId. Instantiated in translation units of
/// their own for each physics.
template <class Ph>
struct GaussNewtonLaunch {
  static std::size_t normal_equations_bytes(int term, const MlpShape& shape, std::int64_t n);
  static void add_normal_equations(int term, const Network<double>& network, const Points<double>& points,
                                   const FusedWeights<double>& weights, double* sums, Workspace workspace,
                                   Stream stream);
  static std::size_t jacobian_bytes(int term, const MlpShape& shape, std::int64_t n);
  static void jacobian(int term, const Network<double>& network, const Points<double>& points,
                       const FusedWeights<double>& weights, PointRange range, double* rows, Workspace workspace,
                       Stream stream);
  static void product(int term, const Network<double>& network, const Points<double>& points, const double* direction,
                      double* product, Workspace workspace, Stream stream);
  static void transposed_product(int term, const Network<double>& network, const Points<double>& points,
                                 const double* rows, double* product, Workspace workspace, Stream stream);
};

}  // namespace residua::cuda
