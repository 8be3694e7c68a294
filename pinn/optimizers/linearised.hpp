#pragma once
#include <memory>

#include "pinn/optimizers/dense_form.hpp"

namespace residua {

/// The damped system as a matrix over all weights.
///
/// While the damping is well above what rounding does to J^T J, it is solved by the normal equations and Cholesky.
/// Below that they lose the directions that matter last, since they square the condition of J; then J itself is reduced
/// to its triangular factor by Householder transformations, in blocks of rows, which costs about twice as much.
class LinearisedLoss : public DampedSystem {
 public:
  LinearisedLoss(std::unique_ptr<DenseForm> normal_equations, std::unique_ptr<DenseForm> triangle)
      : normal_equations_(std::move(normal_equations)), triangle_(std::move(triangle)) {}
  /// With algebra on a device.
  static std::unique_ptr<LinearisedLoss> on(at::Device device, std::int64_t parameters);

  double linearise(Objective& objective, const at::Tensor& weights, double damping) override;
  double least_damping() const override;
  std::optional<Move> solve(double damping) override { return form().solve(damping); }
  at::Tensor solve_again(const at::Tensor& right) override { return form().solve_again(right); }
  int corrections() const override { return 16; }
  void save(OutputArchive& archive) const override;
  void load(InputArchive& archive) override;

 private:
  DenseForm& form() { return triangular_ ? *triangle_ : *normal_equations_; }

  std::unique_ptr<DenseForm> normal_equations_, triangle_;
  bool triangular_ = false;  ///< which of them holds the system
  double largest_ = 1;       ///< of the diagonal of J^T J
};

}  // namespace residua
