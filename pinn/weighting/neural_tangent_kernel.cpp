#include "pinn/weighting/neural_tangent_kernel.hpp"

#include <ATen/ATen.h>

namespace residua {

double NeuralTangentKernel::measure(const Objective& objective, const LossTerm& term, const double* weights) const {
  constexpr std::int64_t kBlock = 1024;
  double trace = 0;
  objective.for_rows(term, weights, kBlock, [&](std::int64_t, const at::Tensor&, const at::Tensor& jacobian) {
    trace += jacobian.square().sum().item<double>();
  });
  return trace / double(std::int64_t(term.mean_square.size()) * term.samples.n);
}

}  // namespace residua
