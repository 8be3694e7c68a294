#include "pinn/optimizers/block_reflector.hpp"

#include <algorithm>
#include <array>

#include "pinn/optimizers/lapack.hpp"
#include "pinn/optimizers/panels.hpp"

namespace residua {

using lapack::Transposed;

void BlockReflector::factorise(int m, int n, double* a, int stride) {
  count_ = std::min(m, n);
  below_ = m - count_;
  stride_ = stride;
  rest_ = a + count_;
  std::vector<double> scales(kPanel), work(kPanel * kPanel);
  lapack::factorise_qr(m, n, a, stride, scales, work);
  top_.assign(std::size_t(count_) * std::size_t(count_), 0.0);
  for (int c = 0; c < count_; ++c) {
    const double* column = a + std::ptrdiff_t(c) * stride;
    double* reflector = &top_[std::size_t(c) * std::size_t(count_)];
    reflector[c] = 1;
    std::copy(column + c + 1, column + count_, reflector + c + 1);
  }
  form_factor(scales);
}

/// Column c of T: its scale, and above it -scale T V^T v for the reflectors before.
void BlockReflector::form_factor(const std::vector<double>& scales) {
  const std::size_t n = std::size_t(count_);
  factor_.assign(n * n, 0.0);
  if (n == 0) return;
  std::vector<double> gram(n * n);
  lapack::multiply(Transposed::yes, Transposed::no, count_, count_, count_, 1, top_.data(), count_, top_.data(), count_,
                   0, gram.data(), count_);
  lapack::multiply(Transposed::yes, Transposed::no, count_, count_, below_, 1, rest_, stride_, rest_, stride_, 1,
                   gram.data(), count_);
  for (std::size_t c = 0; c < n; ++c) {
    double* column = &factor_[c * n];
    column[c] = scales[c];
    for (std::size_t k = 0; k < c; ++k)
      for (std::size_t r = 0; r <= k; ++r) column[r] -= scales[c] * factor_[k * n + r] * gram[c * n + k];
  }
}

void BlockReflector::apply_transposed(int n, double* c, int stride) const {
  if (count_ == 0 || n == 0) return;
  std::array<double, kPanel * kPanel> along, scaled;
  double* rest = c + count_;
  lapack::multiply(Transposed::yes, Transposed::no, count_, n, count_, 1, top_.data(), count_, c, stride, 0,
                   along.data(), count_);
  lapack::multiply(Transposed::yes, Transposed::no, count_, n, below_, 1, rest_, stride_, rest, stride, 1, along.data(),
                   count_);
  lapack::multiply(Transposed::yes, Transposed::no, count_, n, count_, 1, factor_.data(), count_, along.data(), count_,
                   0, scaled.data(), count_);
  lapack::multiply(Transposed::no, Transposed::no, count_, n, count_, -1, top_.data(), count_, scaled.data(), count_, 1,
                   c, stride);
  lapack::multiply(Transposed::no, Transposed::no, below_, n, count_, -1, rest_, stride_, scaled.data(), count_, 1,
                   rest, stride);
}

}  // namespace residua
