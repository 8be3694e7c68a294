#include "pinn/optimizers/nystrom.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <limits>
#include <numbers>

#include "pinn/problem.hpp"

namespace residua {

at::Tensor Nystrom::test_matrix(std::int64_t n, std::int64_t rank, std::uint64_t seed) {
  const at::Tensor unit = at::tensor(uniform_points(int(rank), n, seed), at::kDouble).view({rank, n});
  const at::Tensor normal = std::numbers::sqrt2 * at::erfinv(2 * unit - 1);
  return std::get<0>(at::linalg_qr(normal.t()));
}

Nystrom::Nystrom(const at::Tensor& test, at::Tensor sketch) {
  // A shift of the size of rounding keeps the small matrix positive definite; the eigenvalues lose it again.
  const double shift = std::numeric_limits<double>::epsilon() * std::max(sketch.norm().item<double>(), 1e-200);
  sketch = sketch + shift * test;
  const at::Tensor core = at::mm(test.t(), sketch);
  const at::Tensor factor = at::linalg_cholesky((core + core.t()) / 2, true);
  const at::Tensor root = at::linalg_solve_triangular(factor, sketch, true, /*left=*/false);
  // By its triangular factor, so that the decomposition is of a small square matrix.
  const auto [basis, triangle] = at::linalg_qr(root);
  const auto [vectors, roots, unused] = at::linalg_svd(triangle, false);
  vectors_ = at::mm(basis, vectors);
  values_ = (roots.square() - shift).clamp_min(0);
}

at::Tensor Nystrom::solve(const at::Tensor& right, double damping) const {
  const at::Tensor rest = values_[-1] + damping;
  const at::Tensor inside = at::mv(vectors_.t(), right);
  return right / rest + at::mv(vectors_, inside / (values_ + damping) - inside / rest);
}

}  // namespace residua
