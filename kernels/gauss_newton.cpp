#include "kernels/gauss_newton.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "kernels/call.hpp"
#include "kernels/core/error.hpp"
#include "kernels/slopes.hpp"

namespace residua {
namespace {

/// Rows of J for a chunk of points at a time, handed out one by one.
class JacobianRows {
 public:
  JacobianRows(TermId term, const Network<double>& network, const Points<double>& points,
               const FusedWeights<double>& weights, int threads, std::vector<double>& rows)
      : network_(network), call_(term, network, points, weights, threads), rows_(rows), n_(points.n) {
    constexpr std::int64_t kRows = 512;  // of a chunk, or one tile of points
    const std::int64_t tiles = std::max<std::int64_t>(1, kRows / (call_.tile() * equations()));
    chunk_ = std::min(tiles * call_.tile(), n_);
    stride_ = call_.shape().parameters();
    rows_.resize(std::size_t(chunk_ * equations() * stride_));
    residual_.resize(std::size_t(equations() * n_));
  }

  int equations() const { return call_.kernel().equations; }
  int threads() const { return call_.threads(); }
  std::int64_t chunk() const { return chunk_; }
  const std::vector<double>& residual() const { return residual_; }  ///< of the chunks so far

  /// use(i, e, row) for the points first <= i < last of a chunk, from several threads; row [parameters].
  template <class Use>
  void for_rows(std::int64_t first, std::int64_t last, Use&& use) {
    call_.for_ranges(first, last, [&](int, TileRange<double>& range) {
      double* rows = &rows_[std::size_t((range.first - first) * equations() * stride_)];
      range.rows = residual_.data();
      call_.kernel().jacobian(range, rows, stride_);
      std::vector<double> unfolded(std::size_t(network_.shape.slopes() > 0 ? network_.shape.parameters() : 0));
      for (std::int64_t i = range.first; i < range.last; ++i)
        for (int e = 0; e < equations(); ++e, rows += stride_) {
          if (!unfolded.empty()) unfold_gradient(network_.shape, network_.weights, rows, unfolded.data());
          use(i, e, unfolded.empty() ? rows : unfolded.data());
        }
    });
  }

 private:
  const Network<double>& network_;
  Call<double> call_;
  std::vector<double>& rows_;
  std::vector<double> residual_;
  std::int64_t n_, chunk_;
  std::ptrdiff_t stride_;
};

}  // namespace

NormalEquations::NormalEquations(std::int64_t parameters) : parameters_(parameters) {
  const int width = active_gram_kernel().width;
  stride_ = (parameters + 1 + width - 1) / width * width;
  sums_.resize(std::size_t(stride_ * stride_));
}

void NormalEquations::clear() { std::fill(sums_.begin(), sums_.end(), 0.0); }

void NormalEquations::add(TermId term, const Network<double>& network, const Points<double>& points,
                          const FusedWeights<double>& weights, int threads) {
  if (network.shape.parameters() != parameters_)
    throw Error(
        fmt::format("normal equations: parameters: expected {}, found {}", parameters_, network.shape.parameters()));
  const std::int64_t width = active_gram_kernel().width;
  JacobianRows jacobian(term, network, points, weights, threads, rows_);
  const int equations = jacobian.equations();
  double* panel = panels(jacobian.chunk() * equations);

  for (std::int64_t first = 0; first < points.n; first += jacobian.chunk()) {
    const std::int64_t last = std::min(first + jacobian.chunk(), points.n), rows = (last - first) * equations;
    jacobian.for_rows(first, last, [&](std::int64_t i, int e, const double* row) {
      const double weight = (weights.point ? weights.point[i] : 1) * (weights.equation ? weights.equation[e] : 1),
                   root = std::sqrt(weight);
      double* to = panel + ((i - first) * equations + e) * width;
      const double target = weights.target ? weights.target[e * points.n + i] : 0;
      const double r = jacobian.residual()[std::size_t(e * points.n + i)] - target;
      const auto column = [&](std::int64_t k) { return k < parameters_ ? row[k] : k == parameters_ ? r : 0; };
      for (std::int64_t k = 0; k < stride_; k += width, to += rows * width)
        for (std::int64_t c = 0; c < width; ++c) to[c] = root * (k + width <= parameters_ ? row[k + c] : column(k + c));
    });
    add_panels(rows, jacobian.threads());
  }
}

void NormalEquations::add_rows(const double* rows, std::int64_t count, int threads) {
  constexpr std::int64_t kRows = 512;
  const std::int64_t width = active_gram_kernel().width;
  if (threads < 1) threads = default_threads();
  double* panel = panels(std::min(count, kRows));
  for (std::int64_t first = 0; first < count; first += kRows) {
    const std::int64_t some = std::min(kRows, count - first);
    for (std::int64_t k = 0; k < stride_; k += width)
      for (std::int64_t i = 0; i < some; ++i) {
        const double* row = rows + (first + i) * (parameters_ + 1);
        double* to = panel + k * some + i * width;
        for (std::int64_t c = 0; c < width; ++c) to[c] = k + c <= parameters_ ? row[k + c] : 0;
      }
    add_panels(some, threads);
  }
}

void NormalEquations::exchange(const std::function<void(double* values, std::size_t count)>& add) {
  std::vector<double> upper;
  const std::int64_t columns = parameters_ + 1;
  upper.reserve(std::size_t(columns * (columns + 1) / 2));
  for (std::int64_t k = 0; k < columns; ++k)
    upper.insert(upper.end(), &sums_[std::size_t(k * stride_ + k)], &sums_[std::size_t(k * stride_)] + columns);
  add(upper.data(), upper.size());
  auto from = upper.cbegin();
  for (std::int64_t k = 0; k < columns; from += columns - k, ++k)
    std::copy_n(from, columns - k, &sums_[std::size_t(k * stride_ + k)]);
}

void NormalEquations::add_sums(const double* sums) {
  const std::int64_t columns = parameters_ + 1;
  for (std::int64_t k = 0; k < columns; ++k)
    for (std::int64_t j = k; j < columns; ++j) sums_[std::size_t(k * stride_ + j)] += sums[k * columns + j];
}

/// Room for so many rows of sqrt(W) (J r), as the products read them: [stride / width][rows][width].
double* NormalEquations::panels(std::int64_t rows) {
  if (stride_ % active_gram_kernel().width != 0) throw Error("normal equations: made for another instruction set");
  panels_.resize(std::size_t(rows * stride_));
  return panels_.data();
}

void NormalEquations::add_panels(std::int64_t rows, int threads) {
  const GramKernel gram = active_gram_kernel();
  const std::int64_t columns = stride_ / gram.width, pairs = columns * (columns + 1) / 2;
  const int team = int(std::min<std::int64_t>(threads, pairs));
  in_parallel(team, [&](int thread) {
    gram.add(panels_.data(), int(rows), pairs * thread / team, pairs * (thread + 1) / team, sums_.data(), stride_);
  });
}

void jacobian(TermId term, const Network<double>& network, const Points<double>& points, double* rows, double* residual,
              int threads) {
  std::vector<double> memory;
  const FusedWeights<double> weights;
  JacobianRows jacobian(term, network, points, weights, threads, memory);
  const std::int64_t parameters = network.shape.parameters();
  for (std::int64_t first = 0; first < points.n; first += jacobian.chunk())
    jacobian.for_rows(first, std::min(first + jacobian.chunk(), points.n),
                      [&](std::int64_t i, int e, const double* row) {
                        std::copy_n(row, parameters, rows + (e * points.n + i) * parameters);
                      });
  if (residual) std::copy(jacobian.residual().begin(), jacobian.residual().end(), residual);
}

void jacobian_product(TermId term, const Network<double>& network, const Points<double>& points,
                      const double* direction, double* product, int threads) {
  const FusedWeights<double> weights;
  Call<double> call(term, network, points, weights, threads);
  std::vector<double> plain(std::size_t(call.shape().parameters()));
  fold_direction(network.shape, network.weights, direction, plain.data());
  thread_local Scratch<double> scratch;
  double* packed = scratch.at_least(call.kernel().packed_size(call.shape()));
  call.kernel().pack(call.shape(), plain.data(), packed);
  call.for_ranges(0, points.n, [&](int, TileRange<double>& range) {
    range.rows = product;
    call.kernel().jacobian_product(range, packed, plain.data());
  });
}

}  // namespace residua
