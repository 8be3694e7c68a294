#include "pinn/optimizers/adam.hpp"

namespace residua {

Adam::Adam(const Stage& stage, at::Tensor& weights)
    : rate_{stage.learning_rate, stage.final_learning_rate},
      optimizer_({weights}, torch::optim::AdamOptions(stage.learning_rate)) {}

Advance Adam::step(Objective& objective, at::Tensor& weights, double progress) {
  static_cast<torch::optim::AdamOptions&>(optimizer_.param_groups()[0].options()).lr(rate_.at(progress));
  const double loss = objective.differentiate(weights);
  optimizer_.step();
  return {.loss = loss};
}

}  // namespace residua
