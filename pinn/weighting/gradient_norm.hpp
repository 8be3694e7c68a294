#pragma once
#include "pinn/weighting/equal_measure.hpp"

namespace residua {

/// The gradients of all terms in the weights get the same norm:
///   factor_i = sum_j |grad L_j| / |grad L_i|,   L_i the mean square of term i
/// (Wang, Teng & Perdikaris, SIAM J. Sci. Comput. 43 (2021) A3055, in the form of Wang, Sankaran, Wang & Perdikaris,
/// arXiv 2308.08468). One gradient per term.
class GradientNorm : public EqualMeasure {
 protected:
  double measure(const Objective& objective, const LossTerm& term, const double* weights) const override;
};

}  // namespace residua
