#pragma once
#include <torch/serialize/archive.h>

#include <optional>

#include "pinn/objective.hpp"

namespace residua {

/// A step of the weights and how far the linearised loss falls along it.
struct Move {
  at::Tensor direction;
  double predicted;
};

/// The loss with its residual rows linearised at some weights: min |J d + r|^2 + damping |d|^2 for several dampings.
///
/// While the damping is well above what rounding does to J^T J, it is solved by the normal equations and Cholesky.
/// Below that they lose the directions that matter last, since they square the condition of J; then J itself is reduced
/// to its triangular factor by Householder transformations, in blocks of rows, which costs about twice as much.
class LinearisedLoss {
 public:
  explicit LinearisedLoss(std::int64_t parameters);

  /// Linearises at `weights`, in the form that dampings of about `damping` need; returns the loss there.
  double linearise(Objective& objective, const double* weights, double damping);
  /// Smaller dampings are lost in rounding.
  double least_damping() const;
  /// Nothing if the damped system is singular in double precision.
  std::optional<Move> solve(double damping);
  /// The solution x of (J^T J + damping) x = right, with the damping last solved for.
  at::Tensor solve_again(const at::Tensor& right) const;

  // What decides the form of the next system.
  void save(torch::serialize::OutputArchive& archive) const;
  void load(torch::serialize::InputArchive& archive);

 private:
  void triangularise(Objective& objective, const double* weights);

  std::int64_t parameters_;
  NormalEquations sums_;
  bool triangular_ = false;  ///< whether triangle_ holds the system, or sums_
  at::Tensor triangle_;      ///< R of (J r) = Q R, [parameters + 1][parameters + 1]
  at::Tensor factor_;        ///< upper triangular U of the system last solved, U^T U = J^T J + damping
  double largest_ = 1;       ///< of the diagonal of J^T J
  double loss_ = 0;
};

}  // namespace residua
