#pragma once
#include <vector>

#include "pinn/objective.hpp"

namespace residua {

/// Weights that let a solution grow from its start: time is cut into equal slabs, and the points of slab i weigh
///   exp(-tolerance * sum over slabs k < i of L_k),
/// L_k the loss of the points in slab k, with the weights of the run file but no others: a slab counts once those
/// before it are solved (Wang, Sankaran & Perdikaris, arXiv 2203.07404). Points of all terms belong to slabs by their
/// time, those of a start to the first slab. All weights are near 1 when all is solved.
std::vector<double> causal_weights(const Objective& objective, const CausalSettings& settings, const double* weights);

/// The weight of each point at hand, from those of the slabs.
std::vector<std::vector<double>> point_weights(const Objective& objective, const std::vector<double>& slabs);

}  // namespace residua
