#include "pinn/optimizers/cholesky.hpp"

#include <ATen/ATen.h>

#include <algorithm>

#include "pinn/optimizers/lapack.hpp"
#include "pinn/optimizers/panels.hpp"

namespace residua {
namespace {

/// A = L L^T in place of the lower triangle of A [n][n]; false where A is not positive definite in double precision.
bool factorise_cholesky(int n, double* a, int threads) {
  const auto first = [](int panel) { return panel * kPanel; };
  const auto count = [&](int panel) { return std::min(kPanel, n - first(panel)); };
  const auto at = [&](int row, int column) { return a + std::ptrdiff_t(column) * n + row; };
  std::atomic<bool> definite = true;
  const auto factorise = [&](int k) {
    const int below = first(k) + count(k);
    if (definite && !lapack::factorise_cholesky(count(k), at(first(k), first(k)), n)) definite = false;
    lapack::divide_by_transposed(n - below, count(k), at(first(k), first(k)), n, at(below, first(k)), n);
  };
  const auto update = [&](int j, int k) {
    lapack::multiply(lapack::Transposed::no, lapack::Transposed::yes, n - first(j), count(j), count(k), -1,
                     at(first(j), first(k)), n, at(first(j), first(k)), n, 1, at(first(j), first(j)), n);
  };
  by_panels((n + kPanel - 1) / kPanel, threads, factorise, update);
  return definite;
}

}  // namespace

double Cholesky::linearise(Objective& objective, const at::Tensor& weights) {
  return objective.linearise(weights.const_data_ptr<double>(), sums_);
}

double Cholesky::largest() const {
  double largest = 0;
  for (std::int64_t k = 0; k < parameters_; ++k) largest = std::max(largest, sums_.matrix()[k * sums_.stride() + k]);
  return largest;
}

std::optional<Move> Cholesky::solve(double damping) {
  if (!factorise(damping)) return std::nullopt;
  at::Tensor gradient = at::empty({parameters_}, at::kDouble);
  for (std::int64_t k = 0; k < parameters_; ++k) gradient.data_ptr<double>()[k] = sums_.gradient(k);
  return Move::of_normal_equations(-solve_again(gradient), gradient, damping);
}

/// The upper triangle by rows is the lower one by columns.
bool Cholesky::factorise(double damping) {
  const std::size_t n = std::size_t(parameters_), stride = std::size_t(sums_.stride());
  factor_.resize(n * n);
  for (std::size_t k = 0; k < n; ++k) {
    std::copy_n(sums_.matrix() + k * stride + k, n - k, &factor_[k * n + k]);
    factor_[k * n + k] += damping;
  }
  return factorise_cholesky(int(n), factor_.data(), default_threads());
}

at::Tensor Cholesky::solve_again(const at::Tensor& right) const {
  at::Tensor x = right.clone();
  for (const auto transposed : {lapack::Transposed::no, lapack::Transposed::yes})
    lapack::solve_triangular(lapack::Triangular::lower, transposed, int(parameters_), factor_.data(), int(parameters_),
                             x.data_ptr<double>());
  return x;
}

}  // namespace residua
