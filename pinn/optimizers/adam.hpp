#pragma once
#include <torch/optim/adam.h>

#include "pinn/optimizers/learning_rate.hpp"
#include "pinn/optimizers/optimizer.hpp"

namespace residua {

/// LibTorch's Adam with a learning rate that falls along half a cosine. For a start from anywhere, on fresh points.
class Adam : public Optimizer {
 public:
  Adam(const Stage& stage, at::Tensor& weights);
  Advance step(Objective& objective, at::Tensor& weights, double progress) override;
  void save(torch::serialize::OutputArchive& archive) override { optimizer_.save(archive); }
  void load(torch::serialize::InputArchive& archive) override { optimizer_.load(archive); }

 private:
  LearningRate rate_;
  torch::optim::Adam optimizer_;
};

}  // namespace residua
