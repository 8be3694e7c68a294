#include "pinn/sampling/spread.hpp"

#include "datasets/sobol.hpp"
#include "pinn/sampling/cases.hpp"

namespace residua {
namespace {

Samples spread(const Problem& problem, int term, Sampling sampling, std::int64_t n, std::uint64_t seed) {
  const int dims = problem.sample_dims(term);
  if (sampling == Sampling::uniform || dims == 0) return problem.sample(term, uniform_points(dims, n, seed), n);
  Sobol sequence(std::size_t(dims), seed);
  return problem.sample(term, sequence, n);
}

}  // namespace

Samples Spread::draw(std::int64_t n, std::uint64_t seed, const Samples&, const SquaredResiduals&) const {
  Samples samples = spread(problem_, term_, sampling_, n, seed);
  if (cases_ > 0) share_cases(samples.design, n, 0, cases_);
  return samples;
}

}  // namespace residua
