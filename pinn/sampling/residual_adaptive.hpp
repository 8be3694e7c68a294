#pragma once
#include "pinn/sampling/sampler.hpp"

namespace residua {

/// RAD: fresh points where residuals are large, of five times as many from a pool those that choose_adaptively() takes.
class ResidualAdaptive : public Sampler {
 public:
  ResidualAdaptive(std::unique_ptr<const Sampler> pool, double sharpness)
      : pool_(std::move(pool)), sharpness_(sharpness) {}

  Samples draw(std::int64_t n, std::uint64_t seed, const Samples& at_hand,
               const SquaredResiduals& squares) const override;

 private:
  std::unique_ptr<const Sampler> pool_;
  double sharpness_;
};

/// `n` of the points whose squared residuals these are, in ascending order: a random choice without replacement where
/// the chance of a point is |r|^sharpness / mean + 1 (RAD: Wu, Zhu, Tan, Kartha & Lu, Comput. Methods Appl. Mech. Eng.
/// 403 (2023) 115671); by exponential keys (Efraimidis & Spirakis, Inf. Process. Lett. 97 (2006) 181).
std::vector<std::int64_t> choose_adaptively(const std::vector<double>& squares, std::int64_t n, double sharpness,
                                            std::uint64_t seed);

}  // namespace residua
