#include "pinn/optimizers/adam.hpp"

#include <torch/optim/adam.h>

namespace residua {

Adam::Adam(const Stage& stage, const NetworkShape& shape, at::Tensor& weights, std::uint64_t seed)
    : FirstOrder(stage, shape, weights, seed),
      optimizer_(std::make_unique<torch::optim::Adam>(std::vector{parameters(weights)},
                                                      torch::optim::AdamOptions(stage.learning_rate))) {}

Adam::~Adam() = default;

void Adam::move(at::Tensor&, double rate) {
  static_cast<torch::optim::AdamOptions&>(optimizer_->param_groups()[0].options()).lr(rate);
  optimizer_->step();
}

void Adam::save(OutputArchive& archive) {
  FirstOrder::save(archive);
  optimizer_->save(archive);
}

void Adam::load(InputArchive& archive) {
  FirstOrder::load(archive);
  optimizer_->load(archive);
}

}  // namespace residua
