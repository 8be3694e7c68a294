#pragma once
#include <ATen/core/Tensor.h>

namespace residua {

/// The Nystrom approximation of a symmetric positive semidefinite matrix A by its products with a few random vectors,
/// as a preconditioner of A + damping (Frangella, Tropp & Udell, SIAM J. Matrix Anal. Appl. 44 (2023) 718, algorithm
/// 2.1 and eq. 1.3). It takes the largest eigenvalues, which decay fast in A = J^T J, out of the condition number.
class Nystrom {
 public:
  /// `rank` random directions as orthonormal columns, [n][rank]: the same for the same seed.
  static at::Tensor test_matrix(std::int64_t n, std::int64_t rank, std::uint64_t seed);

  Nystrom() = default;
  /// From sketch = A test.
  Nystrom(const at::Tensor& test, at::Tensor sketch);

  /// (A + damping)^-1 right, where A is taken as its approximation, and as the least eigenvalue of that elsewhere.
  at::Tensor solve(const at::Tensor& right, double damping) const;
  const at::Tensor& values() const { return values_; }  ///< eigenvalues, the largest first

 private:
  at::Tensor vectors_, values_;
};

}  // namespace residua
