#include "pinn/optimizers/quasi_newton.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace residua {
namespace {

constexpr const char* kNoLowerLoss = "the line search finds no lower loss";
constexpr const char* kNoDescent = "not a descent direction: the gradient is zero or not finite";

}  // namespace

Advance QuasiNewton::step(Objective& objective, at::Tensor& weights, double) {
  at::Tensor flat = weights.detach();
  if (!here_) {
    const double loss = objective.differentiate(weights);
    here_ = Trial{0, loss, 0, weights.grad().clone()};
  }
  const at::Tensor before = flat.clone();
  for (;;) {
    const at::Tensor direction = -precondition(here_->gradient);
    const double slope = at::dot(direction, here_->gradient).item<double>();
    std::optional<Trial> found;
    if (slope < 0) {
      const auto evaluate = [&](double step) {
        at::add_out(flat, before, direction, step);
        const double loss = objective.differentiate(weights, true);
        return Trial{step, loss, at::dot(direction, weights.grad()).item<double>(), weights.grad().clone()};
      };
      // Without a model of the curvature only the size of the step can be guessed.
      const double first = knows() ? 1 : std::min(1., 1 / here_->gradient.abs().sum().item<double>());
      found = line_search(evaluate, {0, here_->loss, slope, {}}, first);
    }
    if (!found) {
      flat.copy_(before);
      if (!knows()) return {.loss = here_->loss, .stop = slope < 0 ? kNoLowerLoss : kNoDescent};
      forget();  // and try again along the steepest descent
      continue;
    }
    at::add_out(flat, before, direction, found->step);
    const at::Tensor change = found->gradient - here_->gradient;
    const double curvature = found->step * (found->slope - slope);
    if (curvature > 0)
      learn({found->step * direction, found->gradient, change, curvature, -found->step * found->step * slope});
    here_ = {0, found->loss, 0, found->gradient};
    return {.loss = found->loss, .detail = fmt::format(" step={:.1e}", found->step)};
  }
}

}  // namespace residua
