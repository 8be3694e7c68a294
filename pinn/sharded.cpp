#include "pinn/sharded.hpp"

#include <algorithm>

namespace residua {
namespace {

/// Columns of a share, of rows [rows][n].
std::vector<double> part_of_rows(const double* rows, std::int64_t count, std::int64_t n, const Share& share) {
  std::vector<double> some;
  some.reserve(std::size_t(count * share.count));
  for (std::int64_t row = 0; row < count; ++row)
    some.insert(some.end(), rows + row * n + share.first, rows + row * n + share.first + share.count);
  return some;
}

/// The weights of a share, and the memory that they look at.
struct PartOfWeights {
  std::vector<double> target;
  FusedWeights<double> by;

  PartOfWeights(const FusedWeights<double>& all, std::int64_t equations, std::int64_t n, const Share& share)
      : by{all.equation, all.point ? all.point + share.first : nullptr, nullptr} {
    if (!all.target) return;
    target = part_of_rows(all.target, equations, n, share);
    by.target = target.data();
  }
};

}  // namespace

Samples part(const Samples& samples, const Share& share) {
  const auto rows = [&](const std::vector<double>& all) {
    return samples.n == 0 ? std::vector<double>{}
                          : part_of_rows(all.data(), std::int64_t(all.size()) / samples.n, samples.n, share);
  };
  return {share.count, rows(samples.coords), rows(samples.design)};
}

/// all [equations][n][columns], of which own_rows(share, part, rows) gives the rows [equations][share][columns].
template <class Rows>
void Sharded::gather(TermId term, const Samples& samples, std::int64_t columns, double* all, Rows&& own_rows) const {
  const std::int64_t count = problem_.equations(term.term), width = samples.n * columns;
  const Share share = own(samples);
  std::vector<double> rows(std::size_t(count * share.count * columns));
  if (share.count > 0) own_rows(part(samples, share), rows.data());
  std::fill_n(all, count * width, 0.0);
  for (std::int64_t e = 0; e < count; ++e)
    std::copy_n(rows.data() + e * share.count * columns, share.count * columns,
                all + e * width + share.first * columns);
  processes_.sum({all, std::size_t(count * width)});
}

void Sharded::evaluate(TermId term, const Samples& samples, const double* weights, double* rows) const {
  gather(term, samples, 1, rows,
         [&](const Samples& some, double* own_rows) { whole_->evaluate(term, some, weights, own_rows); });
}

void Sharded::differentiate(TermId term, const Samples& samples, const double* weights, const FusedWeights<double>& by,
                            double* losses, double* gradient) const {
  const Share share = own(samples);
  const auto count = std::size_t(problem_.equations(term.term)),
             parameters = std::size_t(gradient ? problem_.parameters() : 0);
  std::vector<double> sums(count + parameters);
  if (share.count > 0)
    whole_->differentiate(term, part(samples, share), weights,
                          PartOfWeights(by, std::int64_t(count), samples.n, share).by, sums.data(),
                          gradient ? sums.data() + count : nullptr);
  processes_.sum(sums);
  std::copy_n(sums.begin(), count, losses);
  if (gradient) std::copy_n(sums.begin() + std::ptrdiff_t(count), parameters, gradient);
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
  std::vector<double> own_residual;
  gather(term, samples, problem_.parameters(), rows, [&](const Samples& some, double* own_rows) {
    own_residual.resize(std::size_t(problem_.equations(term.term) * some.n));
    whole_->jacobian(term, some, weights, own_rows, own_residual.data());
  });
  if (!residual) return;
  gather(term, samples, 1, residual,
         [&](const Samples&, double* own_rows) { std::ranges::copy(own_residual, own_rows); });
}

void Sharded::jacobian_product(TermId term, const Samples& samples, const double* weights, const double* direction,
                               double* product) const {
  gather(term, samples, 1, product, [&](const Samples& some, double* own_rows) {
    whole_->jacobian_product(term, some, weights, direction, own_rows);
  });
}

void Sharded::transposed_product(TermId term, const Samples& samples, const double* weights, const double* rows,
                                 double* product) const {
  const Share share = own(samples);
  std::fill_n(product, problem_.parameters(), 0.0);
  if (share.count > 0)
    whole_->transposed_product(term, part(samples, share), weights,
                               part_of_rows(rows, problem_.equations(term.term), samples.n, share).data(), product);
  processes_.sum({product, std::size_t(problem_.parameters())});
}

}  // namespace residua
