#include "pinn/optimizers/linearised.hpp"

#include <ATen/ATen.h>

#include <algorithm>

#include "pinn/archive.hpp"

namespace residua {
namespace {

constexpr double kRounding = 1e-13;  ///< of the normal equations, relative to the largest of their diagonal
constexpr double kLeast = 1e-28;     ///< damping over that, where the triangular factor's rounding is reached

/// The triangular factor of an upper triangular matrix [n][n + 1], whose last column is a right side, over the rows
/// [sqrt(damping) 1, 0]. Householder transformations in blocks of columns; a block meets no more of the added rows than
/// those that blocks before it filled, which takes a fifth of the work that a dense matrix would.
at::Tensor damped_triangle(const at::Tensor& triangle, double damping) {
  constexpr std::int64_t kBlock = 64;
  const std::int64_t n = triangle.size(0);
  at::Tensor upper = triangle.clone(), added = at::zeros_like(upper);
  added.diagonal().fill_(std::sqrt(damping));
  for (std::int64_t first = 0; first < n; first += kBlock) {
    const std::int64_t last = std::min(first + kBlock, n), count = last - first;
    const at::Tensor own = upper.slice(0, first, last), filled = added.slice(0, 0, last);
    const auto [reflectors, scales] = at::geqrf(at::cat({own.slice(1, first, last), filled.slice(1, first, last)}));
    own.slice(1, first, last).copy_(reflectors.slice(0, 0, count).triu());
    const at::Tensor rest =
        at::ormqr(reflectors, scales, at::cat({own.slice(1, last), filled.slice(1, last)}), true, true);
    own.slice(1, last).copy_(rest.slice(0, 0, count));
    filled.slice(1, last).copy_(rest.slice(0, count));
  }
  return upper;
}

}  // namespace

LinearisedLoss::LinearisedLoss(std::int64_t parameters) : parameters_(parameters), sums_(parameters) {}

double LinearisedLoss::linearise(Objective& objective, const at::Tensor& weights, double damping) {
  const double* w = weights.const_data_ptr<double>();
  if (!triangular_ || damping >= kRounding * largest_) {
    loss_ = objective.linearise(w, sums_);
    largest_ = 0;
    for (std::int64_t k = 0; k < parameters_; ++k)
      largest_ = std::max(largest_, sums_.matrix()[k * sums_.stride() + k]);
    triangular_ = damping < kRounding * largest_;
  }
  if (triangular_) triangularise(objective, w);
  return loss_;
}

double LinearisedLoss::least_damping() const { return (triangular_ ? kLeast : kRounding / 30) * largest_; }

void LinearisedLoss::triangularise(Objective& objective, const double* weights) {
  const std::int64_t columns = parameters_ + 1;
  at::Tensor stacked = at::zeros({0, columns}, at::kDouble);
  loss_ = objective.for_rows(weights, std::max<std::int64_t>(4 * columns, 2048), [&](const at::Tensor& rows) {
    stacked = at::cat({stacked, rows});
    if (stacked.size(0) <= columns) return;
    stacked = std::get<0>(at::geqrf(stacked)).slice(0, 0, columns).triu();
  });
  triangle_ = at::zeros({columns, columns}, at::kDouble);
  triangle_.slice(0, 0, stacked.size(0)).copy_(stacked);
  largest_ = triangle_.slice(1, 0, parameters_).square().sum(0).max().item<double>();
}

std::optional<Move> LinearisedLoss::solve(double damping) {
  if (triangular_) {
    const at::Tensor reduced = damped_triangle(triangle_.slice(0, 0, parameters_), damping);
    factor_ = reduced.slice(1, 0, parameters_);
    const at::Tensor direction = -at::linalg_solve_triangular(factor_, reduced.slice(1, parameters_), true).squeeze(1);
    const at::Tensor moved = at::mv(triangle_.slice(1, 0, parameters_), direction);
    return Move{direction, (moved.square().sum() + 2 * damping * direction.square().sum()).item<double>()};
  }
  at::Tensor matrix =
      at::from_blob(const_cast<double*>(sums_.matrix()), {parameters_, parameters_}, {sums_.stride(), 1}, at::kDouble)
          .clone();
  matrix.diagonal().add_(damping);
  const auto [factor, info] = at::linalg_cholesky_ex(matrix, true, false);
  if (info.item<int>() != 0) return std::nullopt;
  factor_ = factor;
  at::Tensor gradient = at::empty({parameters_}, at::kDouble);
  for (std::int64_t k = 0; k < parameters_; ++k) gradient.data_ptr<double>()[k] = sums_.gradient(k);
  const at::Tensor direction = -solve_again(gradient);
  // |J d|^2 + 2 damping |d|^2 without a product: (J^T J + damping) d = -gradient.
  const double along = -at::dot(direction, gradient).item<double>();
  return Move{direction, along + damping * direction.square().sum().item<double>()};
}

void LinearisedLoss::save(torch::serialize::OutputArchive& archive) const {
  archive.write("triangular", c10::IValue(triangular_));
  archive.write("largest", c10::IValue(largest_));
}

void LinearisedLoss::load(torch::serialize::InputArchive& archive) {
  triangular_ = read_value(archive, "triangular").toBool();
  largest_ = read_value(archive, "largest").toDouble();
}

at::Tensor LinearisedLoss::solve_again(const at::Tensor& right) {
  return at::cholesky_solve(right.unsqueeze(1), factor_, true).squeeze(1);
}

}  // namespace residua
