#include "kernels/call.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "kernels/catalog.hpp"
#include "kernels/core/error.hpp"
#include "kernels/slopes.hpp"

namespace residua {
namespace {

void expect(bool ok, std::string_view what, std::int64_t expected, std::int64_t found) {
  if (!ok) throw Error(fmt::format("fused pass: {}: expected {}, found {}", what, expected, found));
}

template <class S>
void check(const TermKernel<S>& kernel, const MlpShape& shape, const Points<S>& points) {
  expect(shape.outputs == kernel.fields, "network outputs, one per field", kernel.fields, shape.outputs);
  expect(shape.inputs == kernel.features + points.design_count, "network inputs, features and design inputs",
         kernel.features + points.design_count, shape.inputs);
  expect(shape.inputs <= kMaxInputs, "network inputs, at most", kMaxInputs, shape.inputs);
  expect(shape.width >= 1 && shape.width <= kMaxWidth, "network width, from 1 to", kMaxWidth, shape.width);
  expect(shape.depth >= 1 && shape.depth <= kMaxDepth, "hidden layers, from 1 to", kMaxDepth, shape.depth);
  expect(points.n >= 0, "points, at least", 0, points.n);
  for (int p = 0; p < kernel.params; ++p)
    expect(points.design_row[p] < points.design_count, "row of a design input, below", points.design_count,
           points.design_row[p]);
}

/// Position of the first value that is NaN or infinite, n if there is none.
template <class S>
std::int64_t first_not_finite(const S* values, std::int64_t n) {
  bool finite = true;
  for (std::int64_t i = 0; i < n; ++i) finite &= std::abs(values[i]) <= std::numeric_limits<S>::max();
  return finite ? n : std::find_if(values, values + n, [](S x) { return !std::isfinite(x); }) - values;
}

}  // namespace

template <class S>
Call<S>::Call(TermId term, const Network<S>& network, const Points<S>& points, const FusedWeights<S>& weights,
              int threads)
    : term_(term),
      kernel_(active_term_kernel<S>(term)),
      network_(network),
      points_(points),
      weights_(weights),
      threads_(threads < 1 ? default_threads() : threads) {
  check(kernel_, network.shape, points);
  thread_local Scratch<S> folded_scratch, packed_scratch;
  network_.shape = without_slopes(network.shape);
  const MlpShape& shape = network_.shape;
  tile_ = kernel_.tile_points(shape);
  if (network.shape.slopes() > 0) {
    S* folded = folded_scratch.at_least(std::size_t(shape.parameters()));
    fold_slopes(network.shape, network.weights, folded);
    network_.weights = folded;
  }
  S* packed = packed_scratch.at_least(kernel_.packed_size(shape));
  kernel_.pack(shape, network_.weights, packed);
  packed_ = packed;
}

template <class S>
std::string Call<S>::bad_input(std::int64_t first, std::int64_t last) const {
  const PhysicsInfo& info = catalog()[std::size_t(term_.physics)];
  std::int64_t point = last;
  std::string what;
  const auto examine = [&](const S* row, std::string_view name) {
    const std::int64_t at = first + first_not_finite(row + first, last - first);
    if (at >= point) return;
    point = at;
    what = fmt::format("'{}' of point {} is {}", name, at, row[at]);
  };
  for (std::size_t c = 0; c < info.coords.size(); ++c)
    examine(points_.coords + std::int64_t(c) * points_.n, info.coords[c].name);
  for (std::size_t p = 0; p < info.params.size(); ++p)
    if (points_.design_row[p] >= 0) examine(points_.design + points_.design_row[p] * points_.n, info.params[p].name);
  if (weights_.point) examine(weights_.point, "weight");
  for (int e = 0; weights_.target && e < kernel_.equations; ++e) examine(weights_.target + e * points_.n, "target");
  return what;
}

template <class S>
void Call<S>::refuse(const std::vector<std::string>& bad) {
  for (const std::string& what : bad)
    if (!what.empty()) throw Error(fmt::format("fused pass: {}, expected a finite number", what));
}

template class Call<float>;
template class Call<double>;

}  // namespace residua
