#pragma once
#include <optional>

#include "pinn/optimizers/line_search.hpp"
#include "pinn/optimizers/optimizer.hpp"

namespace residua {

/// Descent along -H gradient, with an approximation H of the inverse Hessian that grows out of the steps, and a line
/// search. One search a step. Stops, and says so, where not even the steepest descent finds a lower loss.
class QuasiNewton : public Optimizer {
 public:
  Advance step(Objective& objective, at::Tensor& weights, double progress) override;
  void points_changed() override { here_.reset(); }

 protected:
  /// A step of the weights that was taken from `before`, where the direction was -H gradient.
  struct Step {
    at::Tensor move, gradient, gradient_change;  ///< the gradient is that at its end
    double curvature;                            ///< move . gradient_change, positive
    double move_by_model;                        ///< move . H^-1 move
  };

  /// H gradient; the gradient itself while nothing is known. Before each learn() it is asked for the gradient where the
  /// step begins.
  virtual at::Tensor precondition(const at::Tensor& gradient) = 0;
  virtual void learn(const Step& step) = 0;
  virtual bool knows() const = 0;
  virtual void forget() = 0;

 private:
  std::optional<Trial> here_;  ///< at the present weights; nothing after they or the points were changed by others
};

}  // namespace residua
