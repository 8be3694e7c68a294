#include "pinn/optimizers/adam.hpp"

namespace residua {

Adam::Adam(const Stage& stage, const NetworkShape& shape, at::Tensor& weights, std::uint64_t seed)
    : FirstOrder(stage, shape, weights, seed),
      optimizer_({parameters(weights)}, torch::optim::AdamOptions(stage.learning_rate)) {}

void Adam::move(at::Tensor&, double rate) {
  static_cast<torch::optim::AdamOptions&>(optimizer_.param_groups()[0].options()).lr(rate);
  optimizer_.step();
}

void Adam::save(torch::serialize::OutputArchive& archive) {
  FirstOrder::save(archive);
  optimizer_.save(archive);
}

void Adam::load(torch::serialize::InputArchive& archive) {
  FirstOrder::load(archive);
  optimizer_.load(archive);
}

}  // namespace residua
