#include "pinn/optimizers/matrix_free.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace residua {
namespace {

constexpr std::int64_t kRank = 100;  ///< of the preconditioner
constexpr std::uint64_t kSeed = 1;
constexpr std::int64_t kBlock = 512;       ///< rows of J at a time
constexpr std::int64_t kIterations = 300;  ///< most for one system: a shorter step is still a good one
constexpr std::size_t kWindow = 5;         ///< iterations that ...
constexpr double kForcing = 1e-2;          ///< ... must add this share of the fall so far
constexpr double kLeast = 1e-16;           ///< damping over the largest eigenvalue, where rounding is reached

}  // namespace

MatrixFreeLoss::MatrixFreeLoss(std::int64_t parameters)
    : test_(Nystrom::test_matrix(parameters, std::min(kRank, parameters), kSeed)) {}

double MatrixFreeLoss::linearise(Objective& objective, const at::Tensor& weights, double) {
  objective_ = &objective;
  weights_ = weights;
  iterations_ = 0;
  const std::int64_t n = weights.numel();
  gradient_ = at::zeros({n}, at::kDouble);
  at::Tensor sketch = at::zeros_like(test_);
  const double loss = objective.for_rows(weights.const_data_ptr<double>(), kBlock, [&](const at::Tensor& rows) {
    const at::Tensor transposed = rows.slice(1, 0, n).t();
    gradient_.addmv_(transposed, rows.select(1, n));
    sketch.addmm_(transposed, at::mm(transposed.t(), test_));
  });
  objective.sum_over_processes(gradient_);
  objective.sum_over_processes(sketch);
  preconditioner_ = Nystrom(test_, sketch);
  return loss;
}

double MatrixFreeLoss::least_damping() const { return kLeast * preconditioner_.values()[0].item<double>(); }

std::optional<Move> MatrixFreeLoss::solve(double damping) {
  damping_ = damping;
  const Solution found = conjugate_gradients(-gradient_);
  return Move{found.x, -(2 * at::dot(found.x, gradient_).item<double>() + objective_->square(found.along))};
}

at::Tensor MatrixFreeLoss::solve_again(const at::Tensor& right) { return conjugate_gradients(right).x; }

MatrixFreeLoss::Solution MatrixFreeLoss::conjugate_gradients(const at::Tensor& right) {
  const double* w = weights_.const_data_ptr<double>();
  Solution at{at::zeros_like(right), at::zeros({objective_->rows()}, at::kDouble)};
  at::Tensor direction = preconditioner_.solve(right, damping_);
  double square = at::dot(right, direction).item<double>();
  std::vector<double> falls{0};  // of the damped linearised loss, up to each iteration
  while (square > 0 && std::int64_t(falls.size()) <= kIterations) {
    const at::Tensor along = objective_->jacobian_product(w, direction);
    const double curvature = objective_->square(along) + damping_ * direction.square().sum().item<double>();
    const double step = square / curvature;
    at.x.add_(direction, step);
    at.along.add_(along, step);
    falls.push_back(falls.back() + step * square);
    if (falls.size() > kWindow && falls.back() - falls[falls.size() - 1 - kWindow] < kForcing * falls.back()) break;
    // Anew from the sums and not from the last one, so that rounding does not add up.
    const at::Tensor left = right - objective_->transposed_product(w, at.along) - damping_ * at.x;
    const at::Tensor next = preconditioner_.solve(left, damping_);
    const double next_square = at::dot(left, next).item<double>();
    direction = next + (next_square / square) * direction;
    square = next_square;
  }
  iterations_ += std::int64_t(falls.size()) - 1;
  return at;
}

std::string MatrixFreeLoss::effort() const { return fmt::format(" products={}", 2 * iterations_); }

}  // namespace residua
