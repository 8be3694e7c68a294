#include "pinn/optimizers/triangle.hpp"

#include <algorithm>
#include <cmath>

#include "pinn/optimizers/lapack.hpp"

namespace residua {
namespace {

/// to[c * stride + r] = rows[r * columns + c], in strips of rows that fill cache lines of `to`.
void transpose(const double* rows, std::int64_t count, std::int64_t columns, double* to, std::int64_t stride) {
  constexpr std::int64_t kStrip = 8;
  const std::int64_t strips = (count + kStrip - 1) / kStrip;
  const int threads = default_threads();
  in_parallel(threads, [&](int thread) {
    for (std::int64_t strip = thread; strip < strips; strip += threads) {
      const std::int64_t first = strip * kStrip, last = std::min(first + kStrip, count);
      for (std::int64_t c = 0; c < columns; ++c)
        for (std::int64_t r = first; r < last; ++r) to[c * stride + r] = rows[r * columns + c];
    }
  });
}

}  // namespace

Triangle::Triangle(std::int64_t unknowns, std::int64_t block)
    : unknowns_(int(unknowns)),
      columns_(unknowns_ + 1),
      capacity_(columns_ + int(block)),
      reflectors_(std::size_t(panels())) {}

void Triangle::add(const double* rows, std::int64_t count) {
  rows_.resize(std::size_t(columns_) * std::size_t(capacity_));
  while (count > 0) {
    if (filled_ == capacity_) reduce();
    const std::int64_t some = std::min<std::int64_t>(count, capacity_ - filled_);
    transpose(rows, some, columns_, entry(filled_, 0), capacity_);
    filled_ += int(some);
    rows += some * columns_;
    count -= some;
  }
}

Triangle::Columns Triangle::columns(int panel) const {
  if (panel == panels() - 1) return {unknowns_, columns_};
  return {panel * kPanel, std::min((panel + 1) * kPanel, unknowns_)};
}

void Triangle::reduce() {
  const auto factorise = [&](int panel) {
    const auto [first, last] = columns(panel);
    const int row = std::min(first, filled_);
    reflectors_[std::size_t(panel)].factorise(filled_ - row, last - first, entry(row, first), capacity_);
  };
  const auto update = [&](int panel, int by) {
    const auto [first, last] = columns(panel);
    const int row = std::min(columns(by).first, filled_);
    reflectors_[std::size_t(by)].apply_transposed(last - first, entry(row, first), capacity_);
  };
  by_panels(panels(), default_threads(), factorise, update);
  filled_ = std::min(filled_, columns_);
  for (int c = 0; c < columns_; ++c) std::fill(entry(std::min(c + 1, filled_), c), entry(filled_, c), 0.0);
}

void Triangle::finish() {
  reduce();
  for (int c = 0; c < columns_; ++c) {  // fewer rows than columns: the rest of R is zero
    std::fill(entry(filled_, c), entry(columns_, c), 0.0);
  }
  filled_ = columns_;
}

double Triangle::largest_square() const {
  double largest = 0;
  for (int c = 0; c < unknowns_; ++c) {
    const double* column = entry(0, c);
    double square = 0;
    for (int r = 0; r <= c; ++r) square += column[r] * column[r];
    largest = std::max(largest, square);
  }
  return largest;
}

double Triangle::product_square(const std::vector<double>& x) const {
  std::vector<double> product(std::size_t(unknowns_), 0.0);
  for (int c = 0; c < unknowns_; ++c) {
    const double* column = entry(0, c);
    for (int r = 0; r <= c; ++r) product[std::size_t(r)] += column[r] * x[std::size_t(c)];
  }
  double square = 0;
  for (const double p : product) square += p * p;
  return square;
}

/// A panel's rows of R meet no more of the added rows than those that panels before it filled, which takes a fifth of
/// the work that a dense matrix would.
void Triangle::damp(double damping) {
  const int stride = kPanel + unknowns_;
  window_.assign(std::size_t(columns_) * std::size_t(stride), 0.0);
  damped_.resize(std::size_t(columns_) * std::size_t(unknowns_));
  for (int k = 0; k < unknowns_; ++k)
    window_[std::size_t(k) * std::size_t(stride) + std::size_t(kPanel + k)] = std::sqrt(damping);
  const auto factorise = [&](int panel) {
    const auto [first, last] = columns(panel);
    if (first == unknowns_) return;  // the right side
    open_window(panel, panel);
    reflectors_[std::size_t(panel)].factorise(last - first + last, last - first, window(panel, first), stride);
    close_window(panel, panel);
  };
  const auto update = [&](int panel, int by) {
    const auto [first, last] = columns(panel);
    open_window(panel, by);
    reflectors_[std::size_t(by)].apply_transposed(last - first, window(by, first), stride);
    close_window(panel, by);
  };
  by_panels(panels(), default_threads(), factorise, update);
}

/// They end right above the added ones.
double* Triangle::window(int panel, int c) {
  const auto [first, last] = columns(panel);
  return &window_[std::size_t(c) * std::size_t(kPanel + unknowns_) + std::size_t(kPanel - (last - first))];
}

void Triangle::open_window(int panel, int by) {
  const auto [first, last] = columns(by);
  for (int c = columns(panel).first; c < columns(panel).last; ++c)
    std::copy_n(entry(first, c), last - first, window(by, c));
}

void Triangle::close_window(int panel, int by) {
  const auto [first, last] = columns(by);
  for (int c = columns(panel).first; c < columns(panel).last; ++c)
    std::copy_n(window(by, c), std::min(c + 1, last) - first,
                &damped_[std::size_t(c) * std::size_t(unknowns_) + std::size_t(first)]);
}

std::vector<double> Triangle::solve() const {
  std::vector<double> x(damped_.end() - unknowns_, damped_.end());
  lapack::solve_triangular(lapack::Triangular::upper, lapack::Transposed::no, unknowns_, damped_.data(), unknowns_,
                           x.data());
  return x;
}

void Triangle::solve_again(std::vector<double>& right) const {
  for (const auto transposed : {lapack::Transposed::yes, lapack::Transposed::no})
    lapack::solve_triangular(lapack::Triangular::upper, transposed, unknowns_, damped_.data(), unknowns_, right.data());
}

}  // namespace residua
