#include "pinn/optimizers/device_forms.hpp"

#include <ATen/ATen.h>

#include <cmath>

#include "pinn/optimizers/householder.hpp"

namespace residua {
namespace {

at::Tensor triangle_of(const at::Tensor& rows) { return std::get<1>(at::linalg_qr(rows, "r")); }

at::Tensor column(const at::Tensor& vector, const at::Tensor& like) { return vector.to(like.device()).unsqueeze(1); }

/// Without the right side.
at::Tensor unknowns(const at::Tensor& triangle) { return triangle.slice(1, 0, triangle.size(1) - 1); }

}  // namespace

double DeviceCholesky::linearise(Objective& objective, const at::Tensor& weights) {
  const at::Tensor sums = objective.linearise(weights.const_data_ptr<double>());
  const std::int64_t n = sums.size(0) - 1;
  const at::Tensor upper = sums.slice(0, 0, n).slice(1, 0, n).triu();
  matrix_ = upper + upper.triu(1).t();
  gradient_ = sums.select(1, n).slice(0, 0, n).cpu();
  return sums[n][n].item<double>();
}

double DeviceCholesky::largest() const { return matrix_.diagonal().max().item<double>(); }

std::optional<Move> DeviceCholesky::solve(double damping) {
  at::Tensor damped = matrix_.clone();
  damped.diagonal().add_(damping);
  auto [factor, info] = at::linalg_cholesky_ex(damped);
  if (info.item<int>() != 0) return std::nullopt;
  factor_ = factor;
  return Move::of_normal_equations(-solve_again(gradient_), gradient_, damping);
}

at::Tensor DeviceCholesky::solve_again(const at::Tensor& right) const {
  return at::cholesky_solve(column(right, factor_), factor_).squeeze(1).cpu();
}

double DeviceHouseholder::linearise(Objective& objective, const at::Tensor& weights) {
  triangle_ = at::zeros({0, weights.numel() + 1}, at::TensorOptions(at::kDouble).device(device_));
  const std::int64_t block = Householder::block_rows(weights.numel());
  return objective.for_all_rows(weights.const_data_ptr<double>(), block, [&](const at::Tensor& rows) {
    triangle_ = triangle_of(at::cat({triangle_, rows.to(device_)}));
  });
}

double DeviceHouseholder::largest() const { return unknowns(triangle_).square().sum(0).max().item<double>(); }

std::optional<Move> DeviceHouseholder::solve(double damping) {
  const std::int64_t n = triangle_.size(1) - 1;
  const at::Tensor added = at::eye(n, n + 1, triangle_.options()) * std::sqrt(damping);
  const at::Tensor whole = triangle_of(at::cat({triangle_, added})).slice(0, 0, n);
  damped_ = whole.slice(1, 0, n);
  const at::Tensor x = at::linalg_solve_triangular(damped_, whole.slice(1, n), true);
  const double along = at::mm(unknowns(triangle_), x).square().sum().item<double>();
  return Move{-x.squeeze(1).cpu(), along + 2 * damping * x.square().sum().item<double>()};
}

at::Tensor DeviceHouseholder::solve_again(const at::Tensor& right) const {
  const at::Tensor half = at::linalg_solve_triangular(damped_.t(), column(right, damped_), false);
  return at::linalg_solve_triangular(damped_, half, true).squeeze(1).cpu();
}

}  // namespace residua
