#include "pinn/optimizers/levenberg_marquardt.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <cmath>

#include "pinn/archive.hpp"

namespace residua {
namespace {

constexpr const char* kNoneLowers = "no damping tried lowers the loss";

}  // namespace

Advance LevenbergMarquardt::step(Objective& objective, at::Tensor& weights, double) {
  const at::Tensor here = weights.detach();
  const double loss = system_->linearise(objective, here, damping_);
  if (loss == 0) return {.loss = loss, .stop = "the loss is zero"};
  double damping = std::max(damping_ * boldness_, system_->least_damping());
  bool trials = false;
  const auto stay = [&](const char* why) {
    objective.loss(here.const_data_ptr<double>());  // for the terms, of which trials tell nothing
    return Advance{.loss = loss, .stop = why};
  };
  for (int tried = 0; tried < kTries; ++tried, damping *= kTamer) {
    const auto move = system_->solve(damping);
    if (!move) continue;
    if (!(move->predicted > kNothing * loss))  // more damping would predict even less
      return stay(trials ? kNoneLowers : "the predicted decrease is below the rounding of the loss");
    trials = true;
    const Reached reached = correct(objective, here, move->direction, damping, loss);
    if (!(loss - reached.loss >= kTrust * move->predicted && reached.loss < loss)) continue;
    here.copy_(reached.weights);
    damping_ = damping;
    boldness_ = tried == 0 ? kBolder : 1 / kTamer;
    return {.loss = objective.loss(reached.weights.const_data_ptr<double>()),  // for the terms, too
            .detail = fmt::format(" damping={:.0e} tries={} corrections={}{}", damping, tried + 1, reached.corrections,
                                  system_->effort())};
  }
  return stay(trials ? kNoneLowers : "no damping tried gives a system that can be solved");
}

/// Best of the weights on the way from here + d to where (J^T J + damping)^-1 (J^T r(here + d) + damping d) vanishes.
LevenbergMarquardt::Reached LevenbergMarquardt::correct(Objective& objective, const at::Tensor& here, at::Tensor d,
                                                        double damping, double loss) {
  Reached best;
  for (int corrections = 0;; ++corrections) {
    const at::Tensor trial = here + d;
    const at::Tensor residuals = objective.residuals(trial.const_data_ptr<double>());
    const double now = objective.square(residuals), before = best.loss;
    if (now < before) best = {trial, now, corrections};
    const bool astray = !(now < kAstray * before), there = before < loss && now > kNearly * before;
    if (astray || there || corrections == system_->corrections()) return best;
    d = d - system_->solve_again(objective.transposed_product(here.const_data_ptr<double>(), residuals) + damping * d);
  }
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
