#include "pinn/sharded.hpp"

#include <algorithm>

namespace residua {
namespace {

/// The weights of a share, and the memory that they look at.
struct PartOfWeights {
  std::vector<double> target;
  FusedWeights<double> by;

  PartOfWeights(const FusedWeights<double>& all, std::int64_t equations, std::int64_t n, const Share& share)
      : by{all.equation, all.point ? all.point + share.first : nullptr, nullptr} {
    if (!all.target) return;
    target = columns(all.target, equations, n, share);
    by.target = target.data();
  }
};

}  // namespace

void Sharded::evaluate(TermId term, const Samples& samples, const double* weights, double* rows) const {
  const Share share = own(samples);
  if (share.count > 0) whole_->evaluate(term, part(samples, share), weights, rows);
}

void Sharded::differentiate(TermId term, const Samples& samples, const double* weights, const FusedWeights<double>& by,
                            double* losses, double* gradient) const {
  const Share share = own(samples);
  const std::int64_t equations = problem_.equations(term.term);
  std::fill_n(losses, equations, 0.0);
  if (gradient) std::fill_n(gradient, problem_.parameters(), 0.0);
  if (share.count > 0)
    whole_->differentiate(term, part(samples, share), weights, PartOfWeights(by, equations, samples.n, share).by,
                          losses, gradient);
}

void Sharded::add_to(NormalEquations& sums, TermId term, const Samples& samples, const double* weights,
                     const FusedWeights<double>& by) const {
  const Share share = own(samples);
  if (share.count > 0)
    whole_->add_to(sums, term, part(samples, share), weights,
                   PartOfWeights(by, problem_.equations(term.term), samples.n, share).by);
}

void Sharded::jacobian(TermId term, const Samples& samples, const double* weights, double* rows,
                       double* residual) const {
  const Share share = own(samples);
  if (share.count > 0) whole_->jacobian(term, part(samples, share), weights, rows, residual);
}

void Sharded::jacobian_product(TermId term, const Samples& samples, const double* weights, const double* direction,
                               double* product) const {
  const Share share = own(samples);
  if (share.count > 0) whole_->jacobian_product(term, part(samples, share), weights, direction, product);
}

void Sharded::transposed_product(TermId term, const Samples& samples, const double* weights, const double* rows,
                                 double* product) const {
  const Share share = own(samples);
  std::fill_n(product, problem_.parameters(), 0.0);
  if (share.count > 0) whole_->transposed_product(term, part(samples, share), weights, rows, product);
}

}  // namespace residua
