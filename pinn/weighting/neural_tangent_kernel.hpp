#pragma once
#include "pinn/weighting/equal_measure.hpp"

namespace residua {

/// All terms are learnt at the same rate. Under gradient descent the residuals r_i of a term fall as its neural tangent
/// kernel K_i = J_i J_i^T says, of which the mean eigenvalue, trace over rows, is the mean square of J's rows:
///   factor_i = sum_j tr K_j / n_j / (tr K_i / n_i)
/// (Wang, Yu & Perdikaris, J. Comput. Phys. 449 (2022) 110768, with means in place of sums, for terms of different
/// numbers of points). The trace is exact, from the rows themselves, in blocks.
class NeuralTangentKernel : public EqualMeasure {
 protected:
  double measure(const Objective& objective, const LossTerm& term, const double* weights) const override;
};

}  // namespace residua
