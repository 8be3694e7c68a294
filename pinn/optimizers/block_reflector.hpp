#pragma once
#include <vector>

namespace residua {

/// The orthogonal factor of a panel, as I - V T V^T with T triangular: Q^T is applied by products of matrices
/// (Schreiber and Van Loan, A storage-efficient WY representation for products of Householder transformations, 1989).
/// apply_transposed() may be called by several threads at once.
class BlockReflector {
 public:
  /// A = Q R in place of A [m][n] by columns, n up to kPanel: R in the upper triangle, V below it, which must stay for
  /// as long as Q is applied.
  void factorise(int m, int n, double* a, int stride);
  /// c = Q^T c for c [m][n], n up to kPanel.
  void apply_transposed(int n, double* c, int stride) const;

 private:
  void form_factor(const std::vector<double>& scales);

  int count_ = 0;               ///< reflectors
  std::vector<double> top_;     ///< V's upper square [count][count], with its ones and zeros
  int below_ = 0, stride_ = 0;  ///< rows below it
  const double* rest_ = nullptr;
  std::vector<double> factor_;  ///< T [count][count]
};

}  // namespace residua
