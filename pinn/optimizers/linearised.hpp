#pragma once
#include "pinn/optimizers/damped_system.hpp"
#include "pinn/optimizers/triangle.hpp"

namespace residua {

/// The damped system as a matrix over all weights.
///
/// While the damping is well above what rounding does to J^T J, it is solved by the normal equations and Cholesky.
/// Below that they lose the directions that matter last, since they square the condition of J; then J itself is reduced
/// to its triangular factor by Householder transformations, in blocks of rows, which costs about twice as much.
class LinearisedLoss : public DampedSystem {
 public:
  explicit LinearisedLoss(std::int64_t parameters);

  double linearise(Objective& objective, const at::Tensor& weights, double damping) override;
  double least_damping() const override;
  std::optional<Move> solve(double damping) override;
  at::Tensor solve_again(const at::Tensor& right) override;
  int corrections() const override { return 16; }
  void save(OutputArchive& archive) const override;
  void load(InputArchive& archive) override;

 private:
  void triangularise(Objective& objective, const double* weights);
  Move solve_triangular(double damping);
  bool factorise_sums(double damping);

  std::int64_t parameters_;
  NormalEquations sums_;
  bool triangular_ = false;     ///< whether triangle_ holds the system, or sums_
  Triangle triangle_;           ///< of (J r)
  std::vector<double> factor_;  ///< L of the normal equations last solved, L L^T = J^T J + damping, by columns
  double largest_ = 1;          ///< of the diagonal of J^T J
  double loss_ = 0;
};

}  // namespace residua
