#pragma once
#include <cstdint>
#include <vector>

#include "pinn/optimizers/block_reflector.hpp"
#include "pinn/optimizers/panels.hpp"

namespace residua {

/// R of A = Q R for a least-squares matrix whose rows come in blocks and whose last column is the right side, by
/// Householder transformations; and that of A over sqrt(damping) times the identity, for several dampings. Everything
/// is by columns and stays in place from one matrix to the next.
/// Not to be shared between threads.
class Triangle {
 public:
  /// For `unknowns` columns and the right side; reduces whenever `block` rows are at hand.
  Triangle(std::int64_t unknowns, std::int64_t block);

  void clear() { filled_ = 0; }
  /// Further rows [count][unknowns + 1] of A.
  void add(const double* rows, std::int64_t count);
  /// To be called after the last rows: from here on, size, product and damp() answer.
  void finish();

  /// The largest diagonal entry of A^T A, the right side left out.
  double largest_square() const;
  /// |A x|, squared, the right side left out.
  double product_square(const std::vector<double>& x) const;

  /// Replaces the system that solve() and solve_again() answer for: min |A x - b|^2 + damping |x|^2.
  void damp(double damping);
  std::vector<double> solve() const;
  /// x of (A^T A + damping) x = right, in place of `right`.
  void solve_again(std::vector<double>& right) const;

 private:
  struct Columns {
    int first, last;
  };

  void reduce();
  /// Of A so far; a row of capacity_ is the end of the column.
  double* entry(int row, int column) { return rows_.data() + std::size_t(column) * std::size_t(capacity_) + row; }
  const double* entry(int row, int column) const { return const_cast<Triangle*>(this)->entry(row, column); }
  int panels() const { return (unknowns_ + kPanel - 1) / kPanel + 1; }
  /// Of a panel; the last one is the right side.
  Columns columns(int panel) const;
  /// Rows of R that a panel of unknowns holds, and all that damping adds to them, at column c of the panel.
  double* window(int panel, int c);
  /// Brings the rows of R that belong to panel `by` to columns of the window, or to R of the damped system.
  void open_window(int panel, int by);
  void close_window(int panel, int by);

  int unknowns_, columns_, capacity_;
  int filled_ = 0;
  std::vector<double> rows_;    ///< A so far, [columns][capacity]: R on top, further rows below it
  std::vector<double> damped_;  ///< R of the damped system, [columns][unknowns]
  std::vector<double> window_;  ///< a panel's rows of R and all that damping adds, [columns][kPanel + unknowns]
  std::vector<BlockReflector> reflectors_;  ///< of each panel
};

}  // namespace residua
