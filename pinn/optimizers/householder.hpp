#pragma once
#include "pinn/optimizers/dense_form.hpp"
#include "pinn/optimizers/triangle.hpp"

namespace residua {

/// The triangular factor of (J r) by Householder transformations, in blocks of rows, on the CPU.
class Householder : public DenseForm {
 public:
  explicit Householder(std::int64_t parameters);

  double linearise(Objective& objective, const at::Tensor& weights) override;
  double largest() const override { return triangle_.largest_square(); }
  std::optional<Move> solve(double damping) override;
  at::Tensor solve_again(const at::Tensor& right) const override;

  /// Rows that are reduced at once: few enough for memory, many enough that R on top of them is little of the work.
  static std::int64_t block_rows(std::int64_t parameters);

 private:
  std::int64_t block_;
  Triangle triangle_;
};

}  // namespace residua
