#include "pinn/sampling/sampler.hpp"

#include "pinn/sampling/residual_adaptive.hpp"
#include "pinn/sampling/retained.hpp"
#include "pinn/sampling/spread.hpp"

namespace residua {

std::unique_ptr<const Sampler> make_sampler(const Problem& problem, int term, const SamplerSettings& settings) {
  std::unique_ptr<const Sampler> sampler = std::make_unique<Spread>(problem, term, settings.spread, settings.cases);
  const bool seam = term == int(problem.physics().terms.size());
  if (seam || problem.sample_dims(term) == 0) return sampler;
  if (settings.adaptive > 0) sampler = std::make_unique<ResidualAdaptive>(std::move(sampler), settings.adaptive);
  if (settings.retain) sampler = std::make_unique<Retained>(std::move(sampler));
  return sampler;
}

}  // namespace residua
