#include "pinn/weighting/neural_tangent_kernel.hpp"

namespace residua {

double NeuralTangentKernel::measure(const Objective& objective, const LossTerm& term, const double* weights) const {
  return objective.jacobian_square(term, weights) / double(term.rows());
}

}  // namespace residua
