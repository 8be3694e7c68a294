#pragma once
#include "pinn/optimizers/dense_form.hpp"

namespace residua {

/// The normal equations by Cholesky, on the CPU.
class Cholesky : public DenseForm {
 public:
  explicit Cholesky(std::int64_t parameters) : parameters_(parameters), sums_(parameters) {}

  double linearise(Objective& objective, const at::Tensor& weights) override;
  double largest() const override;
  std::optional<Move> solve(double damping) override;
  at::Tensor solve_again(const at::Tensor& right) const override;

 private:
  bool factorise(double damping);

  std::int64_t parameters_;
  NormalEquations sums_;
  std::vector<double> factor_;  ///< L, with L L^T = J^T J + damping, by columns
};

}  // namespace residua
