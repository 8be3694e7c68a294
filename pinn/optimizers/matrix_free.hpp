#pragma once
#include "pinn/optimizers/damped_system.hpp"
#include "pinn/optimizers/nystrom.hpp"

namespace residua {

/// The damped system by conjugate gradients, from products with J and its transpose alone: for networks with more
/// weights than a matrix over them serves. The Nystrom preconditioner takes one pass over J in blocks of rows.
///
/// Conjugate gradients end once several iterations in a row have added next to nothing to the fall of the damped
/// linearised loss (the truncated Newton method of Nash & Sofer, Oper. Res. Lett. 9 (1990) 219): what counts is that
/// fall, and the size of what is left of the gradient says little of it where J is ill-conditioned.
class MatrixFreeLoss : public DampedSystem {
 public:
  explicit MatrixFreeLoss(std::int64_t parameters);

  double linearise(Objective& objective, const at::Tensor& weights, double damping) override;
  double least_damping() const override;
  std::optional<Move> solve(double damping) override;
  at::Tensor solve_again(const at::Tensor& right) override;
  int corrections() const override { return 2; }
  std::string effort() const override;
  void save(OutputArchive&) const override {}
  void load(InputArchive&) override {}

 private:
  struct Solution {
    at::Tensor x, along;  ///< along is J x, of the rows of this process
  };
  Solution conjugate_gradients(const at::Tensor& right);

  at::Tensor test_;  ///< what the preconditioner is found with
  Nystrom preconditioner_;
  Objective* objective_ = nullptr;
  at::Tensor weights_, gradient_;  ///< gradient_ is J^T r
  double damping_ = 0;
  std::int64_t iterations_ = 0;  ///< since linearise()
};

}  // namespace residua
