#pragma once
#include <torch/optim/adam.h>

#include "pinn/optimizers/first_order.hpp"

namespace residua {

/// LibTorch's Adam. For a start from anywhere, on fresh points.
class Adam : public FirstOrder {
 public:
  Adam(const Stage& stage, const NetworkShape& shape, at::Tensor& weights, std::uint64_t seed);
  void save(torch::serialize::OutputArchive& archive) override;
  void load(torch::serialize::InputArchive& archive) override;

 protected:
  void move(at::Tensor& parameters, double rate) override;

 private:
  torch::optim::Adam optimizer_;
};

}  // namespace residua
