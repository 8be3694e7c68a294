#pragma once
#include <span>
#include <vector>

#include "kernels/points.hpp"
#include "surrogates/evaluator.hpp"

namespace residua {

// What inference asks of a physics of the registry now and then: in double precision, dimensionless, and for one
// instruction set that every machine has, since nobody waits for it.

/// The equations of a physics, which hold inside its domain, at what a network answers.
struct Equations {
  int count;
  void (*residual)(const Plan<double>&, const double* in, double* rows);  ///< what is left of each
};

/// Of the physics at this position in the registry.
Equations plain_equations(int physics);

/// A point and the network that answers there.
struct PlainPoint {
  const Network<double>& network;
  std::span<const double> coords, params;
  std::span<const int> design;  ///< positions of the design inputs in the parameters
};

/// The outputs of the physics at this position in the registry, by the plain loops of kernels/mlp.hpp.
std::vector<double> plain_outputs(int physics, const PlainPoint& point);

}  // namespace residua
