#include "pinn/weighting/gradient_norm.hpp"

#include <ATen/ATen.h>

namespace residua {

double GradientNorm::measure(const Objective& objective, const LossTerm& term, const double* weights) const {
  return objective.gradient(term, weights).norm().item<double>();
}

}  // namespace residua
