#include "pinn/optimizers/householder.hpp"

#include <ATen/ATen.h>

#include <algorithm>

namespace residua {

std::int64_t Householder::block_rows(std::int64_t parameters) {
  return std::max<std::int64_t>(4 * (parameters + 1), 2048);
}

Householder::Householder(std::int64_t parameters) : block_(block_rows(parameters)), triangle_(parameters, block_) {}

double Householder::linearise(Objective& objective, const at::Tensor& weights) {
  triangle_.clear();
  const double loss = objective.for_all_rows(weights.const_data_ptr<double>(), block_, [&](const at::Tensor& rows) {
    triangle_.add(rows.const_data_ptr<double>(), rows.size(0));
  });
  triangle_.finish();
  return loss;
}

std::optional<Move> Householder::solve(double damping) {
  triangle_.damp(damping);
  const std::vector<double> x = triangle_.solve();
  const at::Tensor direction = -at::tensor(x, at::kDouble);
  return Move{direction, triangle_.product_square(x) + 2 * damping * direction.square().sum().item<double>()};
}

at::Tensor Householder::solve_again(const at::Tensor& right) const {
  std::vector<double> x(right.const_data_ptr<double>(), right.const_data_ptr<double>() + right.numel());
  triangle_.solve_again(x);
  return at::tensor(x, at::kDouble);
}

}  // namespace residua
