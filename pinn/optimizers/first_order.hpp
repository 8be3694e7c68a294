#pragma once
#include <optional>

#include "kernels/learning_rate.hpp"
#include "pinn/optimizers/factors.hpp"
#include "pinn/optimizers/optimizer.hpp"

namespace residua {

/// Steps along what the gradients so far suggest, without looking where they lead, at a learning rate that falls over
/// the stage. If the stage is factorised, factors of the weights are moved in place of the weights.
class FirstOrder : public Optimizer {
 public:
  Advance step(Objective& objective, at::Tensor& weights, double progress) final;
  void save(OutputArchive& archive) override;
  void load(InputArchive& archive) override;

 protected:
  FirstOrder(const Stage& stage, const NetworkShape& shape, const at::Tensor& weights, std::uint64_t seed);
  /// What move() is given: `weights`, or their factors.
  at::Tensor& parameters(at::Tensor& weights) { return factors_ ? factors_->flat() : weights; }
  /// One step of the parameters by their gradient.
  virtual void move(at::Tensor& parameters, double rate) = 0;

 private:
  LearningRate rate_;
  std::optional<Factors> factors_;
};

}  // namespace residua
