#pragma once
#include <optional>

#include "pinn/optimizers/damped_system.hpp"

namespace residua {

/// One way to solve the damped system by matrices over all weights: for LinearisedLoss, which says when which is used.
class DenseForm {
 public:
  virtual ~DenseForm() = default;

  /// Linearises at `weights`; returns the loss there.
  virtual double linearise(Objective& objective, const at::Tensor& weights) = 0;
  /// Largest entry on the diagonal of J^T J there.
  virtual double largest() const = 0;
  virtual std::optional<Move> solve(double damping) = 0;
  virtual at::Tensor solve_again(const at::Tensor& right) const = 0;
};

}  // namespace residua
