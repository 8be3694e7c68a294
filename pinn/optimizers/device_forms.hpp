#pragma once
#include "pinn/optimizers/dense_form.hpp"

namespace residua {

/// The normal equations by Cholesky on any device of torch's: on a GPU, where they are summed, by cuSOLVER.
class DeviceCholesky : public DenseForm {
 public:
  double linearise(Objective& objective, const at::Tensor& weights) override;
  double largest() const override;
  std::optional<Move> solve(double damping) override;
  at::Tensor solve_again(const at::Tensor& right) const override;

 private:
  at::Tensor matrix_, gradient_;  ///< J^T J and J^T r
  at::Tensor factor_;             ///< L, with L L^T = J^T J + damping
};

/// The triangular factor of (J r) by Householder transformations on a device, where the rows are taken to in blocks.
class DeviceHouseholder : public DenseForm {
 public:
  explicit DeviceHouseholder(at::Device device) : device_(device) {}

  double linearise(Objective& objective, const at::Tensor& weights) override;
  double largest() const override;
  std::optional<Move> solve(double damping) override;
  at::Tensor solve_again(const at::Tensor& right) const override;

 private:
  at::Device device_;
  at::Tensor triangle_;  ///< R of (J r)
  at::Tensor damped_;    ///< R of J over the root of the damping times the identity
};

}  // namespace residua
