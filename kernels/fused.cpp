#include "kernels/fused.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <omp.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "kernels/catalog.hpp"
#include "kernels/core/error.hpp"
#include "kernels/isa.hpp"

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

template <class S>
void run(TermId term, const Network<S>& network, const Points<S>& points, const FusedWeights<S>& weights,
         const FusedResult<S>& result, int threads) {
  const TermKernel<S>& kernel = active_term_kernel<S>(term);
  const MlpShape& shape = network.shape;
  check(kernel, shape, points);
  const std::int64_t parameters = shape.parameters(), tile = kernel.tile_points(shape),
                     tiles = (points.n + tile - 1) / tile;
  if (result.loss) std::fill_n(result.loss, kernel.equations, 0.0);
  if (result.gradient) std::fill_n(result.gradient, parameters, S(0));
  if (tiles == 0) return;

  if (threads < 1) threads = omp_get_max_threads();
  threads = int(std::min<std::int64_t>(threads, tiles));
  thread_local Scratch<S> packed_scratch, gradient_scratch;
  S* packed = packed_scratch.at_least(kernel.packed_size(shape));
  kernel.pack(shape, network.weights, packed);
  // The first thread adds to the result itself, the others to their own copies.
  S* gradients = result.gradient ? gradient_scratch.at_least(std::size_t(parameters) * threads) : nullptr;
  std::vector<double> loss(std::size_t(kernel.equations) * threads);
  const std::size_t workspace = kernel.workspace_size(shape);

  const auto work = [&](int thread) {
    TileRange<S> range{&network,
                       &points,
                       &weights,
                       packed,
                       scratch_of_thread<S>().at_least(workspace),
                       tiles * thread / threads * tile,
                       std::min(tiles * (thread + 1) / threads * tile, points.n),
                       &loss[std::size_t(kernel.equations) * thread],
                       nullptr,
                       result.residual};
    if (gradients) {
      range.gradient = gradients + parameters * thread;
      std::fill_n(range.gradient, parameters, S(0));
    }
    kernel.run(range);
  };
  if (threads == 1) {
    work(0);
  } else {
#pragma omp parallel num_threads(threads)
    work(omp_get_thread_num());
  }
  for (int thread = 0; thread < threads; ++thread) {
    if (result.loss)
      for (int e = 0; e < kernel.equations; ++e) result.loss[e] += loss[std::size_t(kernel.equations) * thread + e];
    if (gradients)
      for (std::int64_t p = 0; p < parameters; ++p) result.gradient[p] += gradients[parameters * thread + p];
  }
}

}  // namespace

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
