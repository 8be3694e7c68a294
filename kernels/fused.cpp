#include "kernels/fused.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <memory>

#include "kernels/catalog.hpp"
#include "kernels/core/error.hpp"
#include "kernels/isa.hpp"
#include "kernels/parallel.hpp"
#include "kernels/slopes.hpp"

namespace residua {
namespace {

struct FreeDeleter {
  void operator()(void* p) const { std::free(p); }
};

/// Memory of one thread, aligned to a cache line; it grows and is kept, since small batches would otherwise spend
/// their time in the allocator.
template <class S>
class Scratch {
 public:
  S* at_least(std::size_t count) {
    if (count > count_) {
      const std::size_t bytes = (count * sizeof(S) + 63) / 64 * 64;
      memory_.reset(static_cast<S*>(std::aligned_alloc(64, bytes)));
      if (!memory_) throw std::bad_alloc();
      count_ = count;
    }
    return memory_.get();
  }

 private:
  std::unique_ptr<S, FreeDeleter> memory_;
  std::size_t count_ = 0;
};

template <class S>
Scratch<S>& scratch_of_thread() {
  thread_local Scratch<S> scratch;
  return scratch;
}

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
  for (std::int64_t i = 0; i < n; ++i) finite &= values[i] - values[i] == 0;
  return finite ? n : std::find_if(values, values + n, [](S x) { return !std::isfinite(x); }) - values;
}

/// What is not finite among the inputs of some points.
struct BadInput {
  std::int64_t point = -1;  ///< -1: nothing
  std::string what;
};
template <class S>
BadInput bad_input(const PhysicsInfo& info, const Points<S>& points, const S* point_weight, std::int64_t first,
                   std::int64_t last) {
  BadInput bad;
  const auto examine = [&](const S* row, auto&& name) {
    const std::int64_t at = first + first_not_finite(row + first, last - first);
    if (at < last && (bad.point < 0 || at < bad.point)) bad = {at, fmt::format("{} is {}", name(), row[at])};
  };
  for (std::size_t c = 0; c < info.coords.size(); ++c)
    examine(points.coords + std::int64_t(c) * points.n, [&] { return fmt::format("'{}'", info.coords[c].name); });
  for (std::size_t p = 0; p < info.params.size(); ++p)
    if (points.design_row[p] >= 0)
      examine(points.design + points.design_row[p] * points.n,
              [&] { return fmt::format("'{}'", info.params[p].name); });
  if (point_weight) examine(point_weight, [] { return "the weight"; });
  return bad;
}

template <class S>
void run(TermId term, const Network<S>& trained, const Points<S>& points, const FusedWeights<S>& weights,
         const FusedResult<S>& result, int threads) {
  const TermKernel<S>& kernel = active_term_kernel<S>(term);
  check(kernel, trained.shape, points);
  const MlpShape shape = without_slopes(trained.shape);
  const std::int64_t tile = kernel.tile_points(shape), tiles = (points.n + tile - 1) / tile;
  if (result.loss) std::fill_n(result.loss, kernel.equations, 0.0);
  if (result.gradient) std::fill_n(result.gradient, trained.shape.parameters(), S(0));
  if (tiles == 0) return;

  thread_local Scratch<S> folded_scratch, packed_scratch, sums_scratch;
  Network<S> network = trained;
  network.shape = shape;
  if (trained.shape.slopes() > 0) {
    S* folded = folded_scratch.at_least(std::size_t(2 * shape.parameters()));  // and their gradient behind them
    fold_slopes(trained.shape, trained.weights, folded);
    network.weights = folded;
  }
  if (threads < 1) threads = default_threads();
  threads = int(std::min<std::int64_t>(threads, tiles));
  S* packed = packed_scratch.at_least(kernel.packed_size(shape));
  kernel.pack(shape, network.weights, packed);
  const std::size_t workspace = kernel.workspace_size(shape), gradient_size = kernel.gradient_size(shape);
  S* sums = result.gradient ? sums_scratch.at_least(gradient_size * std::size_t(threads)) : nullptr;
  std::vector<double> loss(std::size_t(kernel.equations) * std::size_t(threads));
  std::vector<BadInput> bad(static_cast<std::size_t>(threads));
  const PhysicsInfo& info = catalog()[std::size_t(term.physics)];

  in_parallel(threads, [&](int thread) {
    const auto self = std::size_t(thread);
    TileRange<S> range{&network,
                       &points,
                       &weights,
                       packed,
                       scratch_of_thread<S>().at_least(workspace),
                       tiles * thread / threads * tile,
                       std::min(tiles * (thread + 1) / threads * tile, points.n),
                       &loss[std::size_t(kernel.equations) * self],
                       nullptr,
                       result.residual};
    bad[self] = bad_input(info, points, weights.point, range.first, range.last);
    if (bad[self].point >= 0) return;
    if (sums) {
      range.gradient = sums + gradient_size * self;
      std::fill_n(range.gradient, gradient_size, S(0));
    }
    kernel.run(range);
  });
  for (const BadInput& b : bad)
    if (b.point >= 0) throw Error(fmt::format("fused pass: {} at point {}", b.what, b.point));

  for (std::size_t thread = 0; thread < std::size_t(threads); ++thread)
    for (int e = 0; result.loss && e < kernel.equations; ++e)
      result.loss[e] += loss[std::size_t(kernel.equations) * thread + std::size_t(e)];
  if (!sums) return;
  const bool folded = trained.shape.slopes() > 0;
  S* gradient = folded ? folded_scratch.at_least(0) + shape.parameters() : result.gradient;
  if (folded) std::fill_n(gradient, shape.parameters(), S(0));
  for (std::size_t thread = 1; thread < std::size_t(threads); ++thread)
    for (std::size_t k = 0; k < gradient_size; ++k) sums[k] += sums[gradient_size * thread + k];
  kernel.add_gradient(shape, sums, gradient);
  if (folded) unfold_gradient(trained.shape, trained.weights, gradient, result.gradient);
}

}  // namespace

int default_threads() {
#if defined(__SANITIZE_THREAD__)
  return int(std::thread::hardware_concurrency());
#else
  return omp_get_max_threads();
#endif
}

TermId find_term(std::string_view physics, std::string_view term) {
  const PhysicsInfo& info = find_physics(physics);
  std::vector<std::string_view> names;
  for (const TermInfo& known : info.terms) names.push_back(known.name);
  names.push_back("answer");
  const auto found = std::find(names.begin(), names.end(), term);
  if (found == names.end())
    throw Error(fmt::format("unknown term '{}' of {}: expected one of {}", term, physics, fmt::join(names, ", ")));
  return {int(&info - catalog().data()), int(found - names.begin())};
}

template <class S>
void fused(TermId term, const Network<S>& network, const Points<S>& points, const FusedWeights<S>& weights,
           const FusedResult<S>& result, int threads) {
  run(term, network, points, weights, result, threads);
}
template void fused(TermId, const Network<float>&, const Points<float>&, const FusedWeights<float>&,
                    const FusedResult<float>&, int);
template void fused(TermId, const Network<double>&, const Points<double>&, const FusedWeights<double>&,
                    const FusedResult<double>&, int);

template <class S>
void evaluate(TermId term, const Network<S>& network, const Points<S>& points, S* rows, int threads) {
  run(term, network, points, FusedWeights<S>{}, FusedResult<S>{nullptr, nullptr, rows}, threads);
}
template void evaluate(TermId, const Network<float>&, const Points<float>&, float*, int);
template void evaluate(TermId, const Network<double>&, const Points<double>&, double*, int);

}  // namespace residua
