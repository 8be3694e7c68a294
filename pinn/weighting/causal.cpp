#include "pinn/weighting/causal.hpp"

#include <algorithm>
#include <cmath>

namespace residua {
namespace {

/// The slab of each point of a term, by its time.
std::vector<std::size_t> slabs_of(const Problem& problem, const Samples& samples, std::size_t slabs) {
  const int coord = time_coord(problem.physics());
  const Range range = problem.coord_range(coord);
  const double scale = problem.physics().coords[std::size_t(coord)].scale;
  const double* time = samples.coords.data() + coord * samples.n;
  std::vector<std::size_t> slab;
  for (std::int64_t i = 0; i < samples.n; ++i) {
    const double share = (time[i] * scale - range.lower) / (range.upper - range.lower);
    slab.push_back(std::size_t(std::clamp(share * double(slabs), 0.0, double(slabs - 1))));
  }
  return slab;
}

}  // namespace

std::vector<double> causal_weights(const Objective& objective, const CausalSettings& settings, const double* weights) {
  const std::size_t slabs = std::size_t(settings.chunks);
  std::vector<double> losses(slabs), result(slabs);
  for (const LossTerm& term : objective.terms()) {
    const std::vector<double> squares = objective.squares(term, weights);
    const std::vector<std::size_t> slab = slabs_of(objective.problem(), term.samples, slabs);
    std::vector<double> sums(slabs), counts(slabs);
    for (std::size_t i = 0; i < squares.size(); ++i) {
      sums[slab[i]] += squares[i];
      ++counts[slab[i]];
    }
    for (std::size_t k = 0; k < slabs; ++k) losses[k] += term.settings.weight * sums[k] / std::max(1.0, counts[k]);
  }
  double before = 0;
  for (std::size_t k = 0; k < slabs; ++k) {
    result[k] = std::exp(-settings.tolerance * before);
    before += losses[k];
  }
  return result;
}

std::vector<std::vector<double>> point_weights(const Objective& objective, const std::vector<double>& slabs) {
  std::vector<std::vector<double>> all;
  for (const LossTerm& term : objective.terms()) {
    std::vector<double>& own = all.emplace_back();
    for (const std::size_t slab : slabs_of(objective.problem(), term.samples, slabs.size())) own.push_back(slabs[slab]);
  }
  return all;
}

}  // namespace residua
