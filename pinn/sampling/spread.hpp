#pragma once
#include "pinn/sampling/sampler.hpp"

namespace residua {

/// Points all over the envelope, denser only where a grading says so: shifted Sobol points, which fill it evenly
/// (datasets/sobol.hpp), or independent ones. Of a branch's, runs share their design inputs (pinn/sampling/cases.hpp).
class Spread : public Sampler {
 public:
  /// `problem` must outlive it. Without `cases`, each point has design inputs of its own.
  Spread(const Problem& problem, int term, Sampling sampling, int cases = 0)
      : problem_(problem), term_(term), sampling_(sampling), cases_(cases) {}

  Samples draw(std::int64_t n, std::uint64_t seed, const Samples& at_hand,
               const SquaredResiduals& squares) const override;

 private:
  const Problem& problem_;
  int term_;
  Sampling sampling_;
  int cases_;
};

}  // namespace residua
