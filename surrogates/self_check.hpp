#pragma once
#include "surrogates/evaluator.hpp"

namespace residua {

/// The equations of a physics, which hold inside its domain, at what a network answers; in double precision and for one
/// instruction set that every machine has, since nobody waits for it.
struct Equations {
  int count;
  void (*residual)(const Plan<double>&, const double* in, double* rows);  ///< dimensionless; what is left of each
};

/// Of the physics at this position in the registry.
Equations equations_of(int physics);

}  // namespace residua
