#pragma once
#include <limits>
#include <memory>

#include "pinn/optimizers/damped_system.hpp"
#include "pinn/optimizers/optimizer.hpp"

namespace residua {

/// Levenberg-Marquardt in float64: every step solves min |J d + r|^2 + damping |d|^2 for the residual rows r and their
/// Jacobian J at all points, and takes the boldest damping (the smallest) whose actual reduction of the loss is at
/// least kTrust of the predicted one. The trust ratio in place of the best immediate loss is what keeps the damping low
/// where the loss has long curved valleys (compare arXiv 2607.02194). How the systems are solved is the matter of a
/// DampedSystem.
///
/// A straight step leaves such a valley as soon as it is long. So it is corrected until it solves
/// min |r(w + d)|^2 + damping |d|^2 for the residuals themselves, which is an implicit Euler step along the valley, by
/// simplified Newton iterations with the J and the factor at hand, as in codes for stiff equations (Hairer & Wanner,
/// Solving Ordinary Differential Equations II, IV.8). One of them costs a small part of a linearisation. The first
/// gives about what geodesic acceleration does (Transtrum & Sethna, arXiv 1201.5885).
///
/// Stops, and says so, where the loss is zero or no damping helps: because no system could be solved, because no step
/// lowered the loss, or because already the boldest one promised less than the loss's rounding.
class LevenbergMarquardt : public Optimizer {
 public:
  explicit LevenbergMarquardt(std::unique_ptr<DampedSystem> system) : system_(std::move(system)) {}
  Advance step(Objective& objective, at::Tensor& weights, double progress) override;
  void save(OutputArchive& archive) override;
  void load(InputArchive& archive) override;

 private:
  struct Reached {
    at::Tensor weights;
    double loss = std::numeric_limits<double>::infinity();
    int corrections = 0;
  };
  Reached correct(Objective& objective, const at::Tensor& here, at::Tensor d, double damping, double loss);

  static constexpr double kTrust = 0.075;  ///< smallest ratio of actual to predicted reduction
  static constexpr double kBolder = 1. / 8, kTamer = 2.5;
  static constexpr double kAstray = 2, kNearly = 0.9;  ///< of the best loss: where corrections lead away, or end
  static constexpr double kNothing = 1e-14;            ///< share of the loss that its rounding hides
  static constexpr int kTries = 40;

  std::unique_ptr<DampedSystem> system_;
  double damping_ = 1e-2;
  double boldness_ = kBolder;  ///< the first damping of a step over the last one taken
};

}  // namespace residua
