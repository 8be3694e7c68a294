#include "pinn/optimizers/first_order.hpp"

#include <ATen/ATen.h>

#include "pinn/archive.hpp"

namespace residua {

FirstOrder::FirstOrder(const Stage& stage, const NetworkShape& shape, const at::Tensor& weights, std::uint64_t seed)
    : rate_{stage.learning_rate, stage.final_learning_rate} {
  if (stage.factorised) factors_.emplace(shape, weights, seed);
}

Advance FirstOrder::step(Objective& objective, at::Tensor& weights, double progress) {
  const double loss = objective.differentiate(weights);
  if (factors_) factors_->differentiate(weights.grad());
  move(parameters(weights), rate_.at(progress));
  if (factors_) weights.detach().copy_(factors_->product());
  return {.loss = loss};
}

void FirstOrder::save(OutputArchive& archive) {
  if (factors_) write_value(archive, "factors", factors_->flat().detach());
}

void FirstOrder::load(InputArchive& archive) {
  if (factors_) factors_->flat().detach().copy_(read_value(archive, "factors").toTensor());
}

}  // namespace residua
