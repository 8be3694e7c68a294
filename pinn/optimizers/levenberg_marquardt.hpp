#pragma once
#include <memory>

#include "pinn/optimizers/damped_system.hpp"
#include "pinn/optimizers/optimizer.hpp"

namespace residua {

/// Levenberg-Marquardt in float64: every step solves min |J d + r|^2 + damping |d|^2 for the residual rows r and their
/// Jacobian J at all points, and takes the boldest damping (the smallest) whose actual reduction of the loss is at
/// least kTrust of the predicted one. The trust ratio in place of the best immediate loss is what keeps the damping low
/// where the loss has long curved valleys (compare arXiv 2607.02194). The step follows the curve of such a valley to
/// second order (geodesic acceleration: Transtrum & Sethna, arXiv 1201.5885). How the systems are solved is the matter
/// of a DampedSystem.
class LevenbergMarquardt : public Optimizer {
 public:
  explicit LevenbergMarquardt(std::unique_ptr<DampedSystem> system) : system_(std::move(system)) {}
  Advance step(Objective& objective, at::Tensor& weights, double progress) override;
  void save(OutputArchive& archive) override;
  void load(InputArchive& archive) override;

 private:
  at::Tensor acceleration(Objective& objective, const at::Tensor& here, const at::Tensor& residuals,
                          const at::Tensor& direction);

  static constexpr double kTrust = 0.075;  ///< smallest ratio of actual to predicted reduction
  static constexpr double kBolder = 1. / 8, kTamer = 2.5;
  static constexpr double kBend = 0.375;     ///< longest acceleration over the step: beyond, the model is not trusted
  static constexpr double kNothing = 1e-14;  ///< share of the loss that its rounding hides
  static constexpr int kTries = 40;

  std::unique_ptr<DampedSystem> system_;
  double damping_ = 1e-2;
  double boldness_ = kBolder;  ///< the first damping of a step over the last one taken
};

}  // namespace residua
