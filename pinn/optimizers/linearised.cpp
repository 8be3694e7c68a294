#include "pinn/optimizers/linearised.hpp"

#include <ATen/ATen.h>

#include <algorithm>

#include "pinn/archive.hpp"
#include "pinn/optimizers/lapack.hpp"

namespace residua {
namespace {

constexpr double kRounding = 3e-15;  ///< of the normal equations, relative to the largest of their diagonal
constexpr double kLeast = 1e-28;     ///< damping over that, where the triangular factor's rounding is reached

/// Rows that are reduced at once: few enough for memory, many enough that R on top of them is little of the work.
std::int64_t block_rows(std::int64_t columns) { return std::max<std::int64_t>(4 * columns, 2048); }

}  // namespace

LinearisedLoss::LinearisedLoss(std::int64_t parameters)
    : parameters_(parameters), sums_(parameters), triangle_(parameters, block_rows(parameters + 1)) {}

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
  triangle_.clear();
  loss_ = objective.for_rows(weights, block_rows(parameters_ + 1), [&](const at::Tensor& rows) {
    triangle_.add(rows.const_data_ptr<double>(), rows.size(0));
  });
  triangle_.finish();
  largest_ = triangle_.largest_square();
}

Move LinearisedLoss::solve_triangular(double damping) {
  triangle_.damp(damping);
  std::vector<double> x = triangle_.solve();
  const at::Tensor direction = -at::tensor(x, at::kDouble);
  return {direction, triangle_.product_square(x) + 2 * damping * direction.square().sum().item<double>()};
}

std::optional<Move> LinearisedLoss::solve(double damping) {
  if (triangular_) return solve_triangular(damping);
  if (!factorise_sums(damping)) return std::nullopt;
  at::Tensor gradient = at::empty({parameters_}, at::kDouble);
  for (std::int64_t k = 0; k < parameters_; ++k) gradient.data_ptr<double>()[k] = sums_.gradient(k);
  const at::Tensor direction = -solve_again(gradient);
  // |J d|^2 + 2 damping |d|^2 without a product: (J^T J + damping) d = -gradient.
  const double along = -at::dot(direction, gradient).item<double>();
  return Move{direction, along + damping * direction.square().sum().item<double>()};
}

/// The upper triangle by rows is the lower one by columns.
bool LinearisedLoss::factorise_sums(double damping) {
  const std::size_t n = std::size_t(parameters_), stride = std::size_t(sums_.stride());
  factor_.resize(n * n);
  for (std::size_t k = 0; k < n; ++k) {
    std::copy_n(sums_.matrix() + k * stride + k, n - k, &factor_[k * n + k]);
    factor_[k * n + k] += damping;
  }
  return lapack::factorise_cholesky(int(n), factor_.data(), int(n));
}

at::Tensor LinearisedLoss::solve_again(const at::Tensor& right) {
  std::vector<double> x(right.const_data_ptr<double>(), right.const_data_ptr<double>() + parameters_);
  if (triangular_) {
    triangle_.solve_again(x);
  } else {
    for (const auto transposed : {lapack::Transposed::no, lapack::Transposed::yes})
      lapack::solve_triangular(lapack::Triangular::lower, transposed, int(parameters_), factor_.data(),
                               int(parameters_), x.data());
  }
  return at::tensor(x, at::kDouble);
}

void LinearisedLoss::save(OutputArchive& archive) const {
  write_value(archive, "triangular", triangular_);
  write_value(archive, "largest", largest_);
}

void LinearisedLoss::load(InputArchive& archive) {
  triangular_ = read_value(archive, "triangular").toBool();
  largest_ = read_value(archive, "largest").toDouble();
}

}  // namespace residua
