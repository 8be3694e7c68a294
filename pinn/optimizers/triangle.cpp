#include "pinn/optimizers/triangle.hpp"

#include <algorithm>
#include <cmath>

#include "kernels/parallel.hpp"
#include "pinn/optimizers/lapack.hpp"

namespace residua {
namespace {

constexpr int kBlock = 64;  ///< columns that are reduced together

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
      scales_(std::size_t(columns_)),
      work_(64 * std::size_t(columns_ + 65)) {}

void Triangle::add(const double* rows, std::int64_t count) {
  rows_.resize(std::size_t(columns_) * std::size_t(capacity_));
  while (count > 0) {
    if (filled_ == capacity_) reduce();
    const std::int64_t some = std::min<std::int64_t>(count, capacity_ - filled_);
    transpose(rows, some, columns_, &rows_[std::size_t(filled_)], capacity_);
    filled_ += int(some);
    rows += some * columns_;
    count -= some;
  }
}

void Triangle::reduce() {
  lapack::factorise_qr(filled_, columns_, rows_.data(), capacity_, scales_, work_);
  filled_ = std::min(filled_, columns_);
  for (int c = 0; c < columns_; ++c) {
    double* column = &rows_[std::size_t(c) * std::size_t(capacity_)];
    std::fill(column + std::min(c + 1, filled_), column + filled_, 0.0);
  }
}

void Triangle::finish() {
  reduce();
  for (int c = 0; c < columns_; ++c) {  // fewer rows than columns: the rest of R is zero
    double* column = &rows_[std::size_t(c) * std::size_t(capacity_)];
    std::fill(column + filled_, column + columns_, 0.0);
  }
  filled_ = columns_;
}

double Triangle::largest_square() const {
  double largest = 0;
  for (int c = 0; c < unknowns_; ++c) {
    const double* column = &rows_[std::size_t(c) * std::size_t(capacity_)];
    double square = 0;
    for (int r = 0; r <= c; ++r) square += column[r] * column[r];
    largest = std::max(largest, square);
  }
  return largest;
}

double Triangle::product_square(const std::vector<double>& x) const {
  std::vector<double> product(std::size_t(unknowns_), 0.0);
  for (int c = 0; c < unknowns_; ++c) {
    const double* column = &rows_[std::size_t(c) * std::size_t(capacity_)];
    for (int r = 0; r <= c; ++r) product[std::size_t(r)] += column[r] * x[std::size_t(c)];
  }
  double square = 0;
  for (const double p : product) square += p * p;
  return square;
}

/// A block of rows of R meets no more of the added rows than those that blocks before it filled, which takes a fifth
/// of the work that a dense matrix would.
void Triangle::damp(double damping) {
  const int stride = kBlock + unknowns_;
  window_.assign(std::size_t(columns_) * std::size_t(stride), 0.0);
  damped_.resize(std::size_t(columns_) * std::size_t(unknowns_));
  for (int k = 0; k < unknowns_; ++k)
    window_[std::size_t(k) * std::size_t(stride) + std::size_t(kBlock + k)] = std::sqrt(damping);
  for (int first = 0; first < unknowns_; first += kBlock) {
    const int last = std::min(first + kBlock, unknowns_), count = last - first, above = kBlock - count;
    // Rows `first` to `last` of R come to stand right above the added ones.
    const auto each_column = [&](auto&& move) {
      for (int c = first; c < columns_; ++c)
        move(c, &window_[std::size_t(c) * std::size_t(stride) + std::size_t(above)]);
    };
    each_column([&](int c, double* own) {
      std::copy_n(&rows_[std::size_t(c) * std::size_t(capacity_) + std::size_t(first)], count, own);
    });
    double* corner = &window_[std::size_t(first) * std::size_t(stride) + std::size_t(above)];
    double* right = &window_[std::size_t(last) * std::size_t(stride) + std::size_t(above)];
    lapack::factorise_qr(count + last, count, corner, stride, scales_, work_);
    lapack::apply_transposed_q(count + last, columns_ - last, count, corner, scales_, right, stride, work_);
    each_column([&](int c, const double* own) {
      std::copy_n(own, std::min(count, c - first + 1),
                  &damped_[std::size_t(c) * std::size_t(unknowns_) + std::size_t(first)]);
    });
  }
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
