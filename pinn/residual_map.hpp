#pragma once
#include <optional>

#include "pinn/plot.hpp"
#include "pinn/problem.hpp"
#include "surrogates/model.hpp"

namespace residua {

/// Root mean square residual of the interior's equations over the first two coordinates, for the default case, any
/// third coordinate in the middle of its range; of an ensemble its first member. Nothing for one coordinate, and for
/// networks with a branch.
std::optional<HeatMap> residual_map(const Model& model, const Problem& problem);

}  // namespace residua
