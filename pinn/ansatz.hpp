#pragma once
#include <memory>

#include "kernels/gauss_newton.hpp"
#include "pinn/problem.hpp"

namespace residua {

/// The functions that the weights of a problem's network choose from, over points of its terms: what the kernels tell
/// of a term, for a perceptron by one call for all points, for branch and trunk by one for each case. All in float64;
/// `weights` is flat [problem.parameters()]; the other arguments, and errors, are those of kernels/fused.hpp and
/// kernels/gauss_newton.hpp. Safe to share between threads.
class Ansatz {
 public:
  virtual ~Ansatz() = default;

  /// Rows [equations][n].
  virtual void evaluate(TermId term, const Samples& samples, const double* weights, double* rows) const = 0;
  /// Losses [equations] and, if not null, the gradient [parameters] of their weighted sum.
  virtual void differentiate(TermId term, const Samples& samples, const double* weights, const FusedWeights<double>& by,
                             double* losses, double* gradient) const = 0;
  virtual void add_to(NormalEquations& sums, TermId term, const Samples& samples, const double* weights,
                      const FusedWeights<double>& by) const = 0;
  virtual void jacobian(TermId term, const Samples& samples, const double* weights, double* rows,
                        double* residual) const = 0;
  virtual void jacobian_product(TermId term, const Samples& samples, const double* weights, const double* direction,
                                double* product) const = 0;
  virtual void transposed_product(TermId term, const Samples& samples, const double* weights, const double* rows,
                                  double* product) const = 0;
};

/// That of a problem, which must outlive it.
std::unique_ptr<const Ansatz> make_ansatz(const Problem& problem);

}  // namespace residua
