#include "pinn/optimizers/levenberg_marquardt.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <cmath>

#include "pinn/archive.hpp"

namespace residua {

Advance LevenbergMarquardt::step(Objective& objective, at::Tensor& weights, double) {
  const at::Tensor here = weights.detach();
  const double* w = here.const_data_ptr<double>();
  const double loss = system_->linearise(objective, here, damping_);
  if (loss == 0) return {.loss = loss, .stop = "the loss is zero"};
  const at::Tensor residuals = objective.residuals(w);
  double damping = std::max(damping_ * boldness_, system_->least_damping());
  for (int tried = 0; tried < kTries; ++tried, damping *= kTamer) {
    const auto move = system_->solve(damping);
    if (!move) continue;
    if (!(move->predicted > kNothing * loss)) break;  // more damping would predict even less
    const at::Tensor bend = acceleration(objective, here, residuals, move->direction);
    if (bend.norm().item<double>() > kBend * move->direction.norm().item<double>()) continue;
    const at::Tensor trial = here + move->direction + bend;
    const double reached = objective.loss(trial.const_data_ptr<double>());
    if (!(loss - reached >= kTrust * move->predicted && reached < loss)) continue;
    here.copy_(trial);
    damping_ = damping;
    boldness_ = tried == 0 ? kBolder : 1 / kTamer;
    return {.loss = reached,
            .detail = fmt::format(" damping={:.0e} tries={}{}", damping, tried + 1, system_->effort())};
  }
  return {.loss = loss, .stop = "no step lowers the loss by more than its rounding"};
}

/// Half the second-order change of the weights along the geodesic that starts with `direction`: the residuals' second
/// derivative along it, by one difference, answered by the same damped system.
at::Tensor LevenbergMarquardt::acceleration(Objective& objective, const at::Tensor& here, const at::Tensor& residuals,
                                            const at::Tensor& direction) {
  constexpr double kStep = 0.1;
  const double* w = here.const_data_ptr<double>();
  const at::Tensor near = here + kStep * direction;
  const at::Tensor along = objective.jacobian_product(w, direction);
  const at::Tensor second =
      2 / kStep * ((objective.residuals(near.const_data_ptr<double>()) - residuals) / kStep - along);
  return -0.5 * system_->solve_again(objective.transposed_product(w, second));
}

void LevenbergMarquardt::save(OutputArchive& archive) {
  write_value(archive, "damping", damping_);
  write_value(archive, "boldness", boldness_);
  system_->save(archive);
}

void LevenbergMarquardt::load(InputArchive& archive) {
  damping_ = read_value(archive, "damping").toDouble();
  boldness_ = read_value(archive, "boldness").toDouble();
  system_->load(archive);
}

}  // namespace residua
