#include "pinn/optimizers/nystrom.hpp"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

namespace residua {
namespace {

/// Symmetric, with the eigenvalues ratio^0, ratio^1, ...
at::Tensor with_decay(std::int64_t n, double ratio) {
  const at::Tensor q = Nystrom::test_matrix(n, n, 7);
  return at::mm(q * at::pow(ratio, at::arange(n, at::kDouble)), q.t());
}

TEST(Nystrom, IsExactForAMatrixOfLowRank) {
  const std::int64_t n = 40;
  const at::Tensor factor = Nystrom::test_matrix(n, 8, 3),
                   a = at::mm(factor * at::arange(1, 9, at::kDouble), factor.t());
  const at::Tensor test = Nystrom::test_matrix(n, 12, 1);
  const Nystrom nystrom(test, at::mm(a, test));
  EXPECT_TRUE(at::allclose(nystrom.values().slice(0, 0, 8), at::arange(8, 0, -1, at::kDouble), 1e-12, 0));
  EXPECT_LT(nystrom.values()[8].item<double>(), 1e-12);
  const at::Tensor right = at::linspace(-1, 2, n, at::kDouble);
  for (const double damping : {1e-3, 1., 100.}) {
    const at::Tensor expected = at::linalg_solve(a + damping * at::eye(n, at::kDouble), right);
    EXPECT_TRUE(at::allclose(nystrom.solve(right, damping), expected, 1e-9, 1e-12)) << damping;
  }
}

TEST(Nystrom, TakesTheLargestEigenvaluesOutOfTheConditionNumber) {
  const std::int64_t n = 100, rank = 30;
  const at::Tensor a = with_decay(n, 0.5), test = Nystrom::test_matrix(n, rank, 1);
  const Nystrom nystrom(test, at::mm(a, test));
  for (const double damping : {1e-2, 1e-5, 1e-7}) {
    const at::Tensor system = a + damping * at::eye(n, at::kDouble);
    std::vector<at::Tensor> columns;
    for (std::int64_t k = 0; k < n; ++k) columns.push_back(nystrom.solve(system.select(1, k), damping));
    const at::Tensor values = at::real(at::linalg_eigvals(at::stack(columns, 1)));
    EXPECT_LT((values.max() / values.min()).item<double>(), 3) << damping;
  }
}

TEST(Nystrom, TakesAZeroMatrix) {
  const at::Tensor test = Nystrom::test_matrix(20, 5, 1), right = at::ones({20}, at::kDouble);
  const Nystrom nystrom(test, at::zeros_like(test));
  EXPECT_TRUE(at::allclose(nystrom.solve(right, 0.5), 2 * right));
}

}  // namespace
}  // namespace residua
