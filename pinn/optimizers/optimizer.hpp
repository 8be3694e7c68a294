#pragma once
#include <memory>
#include <string>

#include "pinn/archive.hpp"
#include "pinn/objective.hpp"

namespace residua {

/// What an optimizer did in one call.
struct Advance {
  std::int64_t steps = 1;
  double loss = 0;       ///< at the end, or (of methods that step without looking) just before the step
  std::string detail{};  ///< for the progress line
  std::string stop{};    ///< why no further step would help; empty: go on
};

/// One way to lower the loss of an Objective. A stage of training owns one; points may change between steps.
class Optimizer {
 public:
  virtual ~Optimizer() = default;

  /// Moves `weights` (float64, with a gradient tensor). `progress` is the share of the stage that is over.
  virtual Advance step(Objective& objective, at::Tensor& weights, double progress) = 0;
  /// Whether it draws the points of its steps itself, and leaves those of the last one with the objective. Of other
  /// optimizers the trainer draws them.
  virtual bool draws_points() const { return false; }
  /// The points of the objective are others now: what was learnt about curvature on the old ones would mislead.
  virtual void points_changed() {}

  // Everything that the next step depends on, for a resume that ends in the same bits.
  virtual void save(OutputArchive& archive) = 0;
  virtual void load(InputArchive& archive) = 0;
};

/// `seed` is of what an optimizer draws at random; `device` solves systems over all weights.
std::unique_ptr<Optimizer> make_optimizer(const Stage& stage, const NetworkShape& shape, at::Tensor& weights,
                                          std::uint64_t seed, at::Device device = at::kCPU);

}  // namespace residua
