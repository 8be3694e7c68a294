#pragma once
#include <deque>

#include "pinn/optimizers/quasi_newton.hpp"

namespace residua {

/// L-BFGS (Liu & Nocedal, Math. Program. 45 (1989) 503): the last few steps as a model of the curvature. For networks
/// whose normal equations do not fit into memory.
class Lbfgs : public QuasiNewton {
 public:
  explicit Lbfgs(const Stage& stage) : history_(std::size_t(stage.history)) {}
  void save(OutputArchive& archive) override;
  void load(InputArchive& archive) override;
  void points_changed() override;

 protected:
  at::Tensor precondition(const at::Tensor& gradient) override;
  void learn(const Step& step) override;
  bool knows() const override { return !pairs_.empty(); }
  void forget() override { pairs_.clear(); }

 private:
  struct Pair {
    at::Tensor move, gradient_change;
    double curvature;
  };
  std::size_t history_;
  std::deque<Pair> pairs_;
};

}  // namespace residua
