#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "kernels/fused.hpp"

namespace residua {

// What Gauss-Newton and Levenberg-Marquardt methods need of a term, in double precision. J is the Jacobian d r / d
// weights of its residual rows: at every point i one row per equation e. Errors, threads and repeatability are those of
// fused().

/// The normal equations of least squares, J^T W J and J^T W r, summed over terms and points; W holds the products of
/// equation and point weights. J itself is only ever kept for a few hundred rows. Not to be shared between threads.
class NormalEquations {
 public:
  /// For networks with so many parameters. Takes 8 parameters^2 bytes.
  explicit NormalEquations(std::int64_t parameters);

  void clear();
  /// Adds a term at points. Same bits for any number of threads.
  void add(TermId term, const Network<double>& network, const Points<double>& points,
           const FusedWeights<double>& weights, int threads = 0);

  /// Adds rows of (J r), each [parameters + 1] and multiplied by the root of its weight: for networks that kernels do
  /// not know as a whole. Same bits for any number of threads.
  void add_rows(const double* rows, std::int64_t count, int threads = 0);

  /// Adds what was summed elsewhere: the upper triangle of (J r)^T W (J r), [parameters + 1][parameters + 1].
  void add_sums(const double* sums);

  /// What has been summed so far, to be added to that of others that have summed over other points:
  /// add(values, count) puts the total in its place.
  void exchange(const std::function<void(double* values, std::size_t count)>& add);

  std::int64_t parameters() const { return parameters_; }
  /// J^T W J, upper triangle by rows: entry (i, j), i <= j, is matrix()[i * stride() + j]. The rest of the square is
  /// undefined.
  const double* matrix() const { return sums_.data(); }
  std::ptrdiff_t stride() const { return stride_; }
  /// J^T W r: half the gradient of the weighted loss.
  double gradient(std::int64_t k) const { return sums_[std::size_t(k * stride_ + parameters_)]; }
  /// The weighted loss, r^T W r.
  double loss() const { return sums_[std::size_t(parameters_ * stride_ + parameters_)]; }

 private:
  double* panels(std::int64_t rows);
  void add_panels(std::int64_t rows, int threads);

  std::int64_t parameters_;
  std::ptrdiff_t stride_;
  std::vector<double> sums_;    ///< of (J r)^T W (J r): the residual is one column more
  std::vector<double> rows_;    ///< of J, as the kernels write them
  std::vector<double> panels_;  ///< of sqrt(W) (J r), as the products read them
};

/// The Jacobian itself, [equations * n][parameters], row e * n + i for equation e of point i; residual [equations][n]
/// or null. For tests and small problems.
void jacobian(TermId term, const Network<double>& network, const Points<double>& points, double* rows,
              double* residual = nullptr, int threads = 0);

/// product [equations][n] = J * direction [parameters], without J. Its transpose is jacobian_transposed_product().
void jacobian_product(TermId term, const Network<double>& network, const Points<double>& points,
                      const double* direction, double* product, int threads = 0);

}  // namespace residua
