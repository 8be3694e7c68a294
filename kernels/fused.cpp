#include "kernels/fused.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "kernels/call.hpp"
#include "kernels/catalog.hpp"
#include "kernels/core/error.hpp"
#include "kernels/slopes.hpp"

namespace residua {
namespace {

/// The fused pass; with `rows_bar`, the gradient is that of sum_e,i rows_bar * r instead of the weighted loss.
template <class S>
void run(TermId term, const Network<S>& network, const Points<S>& points, const FusedWeights<S>& weights,
         const FusedResult<S>& result, int threads, const S* rows_bar = nullptr) {
  Call<S> call(term, network, points, weights, threads);
  const TermKernel<S>& kernel = call.kernel();
  const auto equations = std::size_t(kernel.equations), team = std::size_t(call.threads());
  if (result.loss) std::fill_n(result.loss, equations, 0.0);
  if (result.gradient) std::fill_n(result.gradient, network.shape.parameters(), S(0));
  if (points.n == 0) return;

  // Every thread sums up by itself; the sums are added in the order of the threads.
  thread_local Scratch<S> sums_scratch;
  const std::size_t size = result.gradient ? kernel.gradient_size(call.shape()) : 0;
  S* sums = sums_scratch.at_least(size * team);
  std::vector<double> losses(equations * team);
  std::vector<char> worked(team);
  call.for_ranges(0, points.n, [&](int thread, TileRange<S>& range) {
    const auto self = std::size_t(thread);
    worked[self] = 1;
    range.loss = &losses[equations * self];
    range.rows = result.residual;
    range.rows_bar = rows_bar;
    if (result.gradient) {
      range.gradient = sums + size * self;
      std::fill_n(range.gradient, size, S(0));
    }
    kernel.run(range);
  });

  for (std::size_t thread = 0; thread < team; ++thread)
    for (std::size_t e = 0; result.loss && e < equations; ++e) result.loss[e] += losses[equations * thread + e];
  if (!result.gradient) return;
  for (std::size_t thread = 1; thread < team; ++thread)
    for (std::size_t k = 0; worked[thread] && k < size; ++k) sums[k] += sums[size * thread + k];
  if (network.shape.slopes() == 0) return kernel.add_gradient(call.shape(), sums, result.gradient);
  std::vector<S> plain(std::size_t(call.shape().parameters()));
  kernel.add_gradient(call.shape(), sums, plain.data());
  unfold_gradient(network.shape, network.weights, plain.data(), result.gradient);
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

template <class S>
void jacobian_transposed_product(TermId term, const Network<S>& network, const Points<S>& points, const S* rows,
                                 S* product, int threads) {
  run(term, network, points, FusedWeights<S>{}, FusedResult<S>{nullptr, product, nullptr}, threads, rows);
}
template void jacobian_transposed_product(TermId, const Network<float>&, const Points<float>&, const float*, float*,
                                          int);
template void jacobian_transposed_product(TermId, const Network<double>&, const Points<double>&, const double*, double*,
                                          int);

}  // namespace residua
