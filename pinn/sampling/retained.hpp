#pragma once
#include "pinn/sampling/sampler.hpp"

namespace residua {

/// The points at hand of large residuals stay, the others are released and drawn anew from the whole domain. From draw
/// to draw, points gather where the residual stays large: R3 (retain, resample, release), Daw, Bu, Wang, Perdikaris &
/// Karpatne, ICML 2023, arXiv 2207.02338.
class Retained : public Sampler {
 public:
  explicit Retained(std::unique_ptr<const Sampler> fresh) : fresh_(std::move(fresh)) {}

  /// First the points that stay, in their order.
  Samples draw(std::int64_t n, std::uint64_t seed, const Samples& at_hand,
               const SquaredResiduals& squares) const override;

 private:
  std::unique_ptr<const Sampler> fresh_;
};

/// The points whose |residual| is above the mean of all, in ascending order, from their squared residuals; never all of
/// them.
std::vector<std::int64_t> above_mean(const std::vector<double>& squares);

}  // namespace residua
