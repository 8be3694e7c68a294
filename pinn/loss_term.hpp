#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "kernels/fused.hpp"
#include "pinn/problem.hpp"
#include "pinn/run_file.hpp"
#include "pinn/samples.hpp"

namespace residua {

/// One term of the loss and the points it is evaluated at now.
struct LossTerm {
  std::string name;
  int index = 0;  ///< among the terms of the physics
  TermId id;
  TermSettings settings;
  Samples samples;
  std::vector<double> target;        ///< [equations][n]: what the rows should be; empty: zeros
  double factor = 1;                 ///< on the weight of the settings, from the balance of terms
  std::vector<double> point_weight;  ///< [points], from causal weighting; empty: ones
  std::vector<double> mean_square;   ///< of each equation, at the last evaluation, in point weights

  double weight() const { return settings.weight * factor; }
  std::int64_t equations() const { return std::int64_t(mean_square.size()); }
  std::int64_t rows() const { return equations() * samples.n; }
};

/// The terms of a run that have a weight, in the order of the physics, without points; with `seam` one more of that
/// name, on what the surrogate answers at the start of the time.
std::vector<LossTerm> loss_terms_of(const RunFile& run, const Problem& problem, bool seam);

/// How many points a stage draws for a term.
std::int64_t point_count(const LossTerm& term, const Stage& stage);

}  // namespace residua
