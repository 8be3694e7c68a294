#pragma once
#include <ATen/core/Tensor.h>

#include <memory>

#include "kernels/gauss_newton.hpp"
#include "pinn/problem.hpp"
#include "pinn/samples.hpp"

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
  /// Zeros [parameters + 1][parameters + 1] on the device where this ansatz sums normal equations itself, in the upper
  /// triangle as NormalEquations does; undefined if it does so nowhere.
  virtual at::Tensor no_sums() const { return {}; }
  virtual void add_on_device(at::Tensor&, TermId, const Samples&, const double*, const FusedWeights<double>&) const {}
  virtual void jacobian(TermId term, const Samples& samples, const double* weights, double* rows,
                        double* residual) const = 0;
  virtual void jacobian_product(TermId term, const Samples& samples, const double* weights, const double* direction,
                                double* product) const = 0;
  virtual void transposed_product(TermId term, const Samples& samples, const double* weights, const double* rows,
                                  double* product) const = 0;
};

/// That of a problem, which must outlive it. With `cuda`, of kernels on the GPU that ops::use_cuda() found, for a
/// perceptron of a physics of the toolkit without trainable slopes.
std::unique_ptr<const Ansatz> make_ansatz(const Problem& problem, bool cuda = false);

}  // namespace residua
