// The fused pass: points in; loss, residuals and weight gradients out. What a training step consists of.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string>

#include "bench/cases.hpp"
#include "bench/fma_peak.hpp"
#include "bench/problem.hpp"
#include "bench/reference.hpp"
#include "kernels/fused.hpp"
#include "kernels/isa.hpp"

namespace residua::bench {
namespace {

constexpr std::int64_t kPoints = 16384;

struct Shape {
  std::string_view physics;
  int width, depth;
  bool design;
};

/// Multiplications and additions by the weights behind layer 0, forward (2) and backward (4), for every channel that
/// the network carries. Layer 0, activations, transform, residual and padding are not counted: they are what a kernel
/// should hide.
double useful_flop(const Problem& problem) {
  const MlpShape& shape = problem.shape;
  const double channels = active_term_kernel<double>(problem.term).propagated;
  return 6 * channels * double((shape.depth - 1) * shape.width * shape.width + shape.width * shape.outputs);
}

/// One fused pass over all points, and what it is asked to compute.
template <class S>
class Pass {
 public:
  Pass(const Shape& shape, int threads)
      : problem_(random_problem(shape.physics, kPoints, shape.width, shape.depth, shape.design)),
        cast_(problem_),
        threads_(threads),
        equations_(std::size_t(problem_.physics->terms.front().equations)),
        point_weight_(std::size_t(kPoints), S(1)),
        loss_(equations_),
        gradient_(problem_.weights.size()),
        rows_(equations_ * std::size_t(kPoints)) {}

  const Problem& problem() const { return problem_; }

  void operator()() {
    fused<S>(problem_.term, cast_.network, cast_.points, {nullptr, point_weight_.data()},
             {loss_.data(), gradient_.data(), rows_.data()}, threads_);
  }

  /// What is wrong with the answer; empty if nothing.
  std::string mistake() {
    const auto sample = sample_of(kPoints, 23);
    std::fill(point_weight_.begin(), point_weight_.end(), S(0));
    for (const std::int64_t i : sample) point_weight_[std::size_t(i)] = 1;
    (*this)();
    std::fill(point_weight_.begin(), point_weight_.end(), S(1));
    const Answer answer{loss_, {gradient_.begin(), gradient_.end()}, {rows_.begin(), rows_.end()}};
    return bench::mistake(problem_, sample, answer, kTolerance<S>);
  }

 private:
  Problem problem_;
  Cast<S> cast_;
  int threads_;
  std::size_t equations_;
  std::vector<S> point_weight_;
  std::vector<double> loss_;
  std::vector<S> gradient_, rows_;
};

template <class S>
void fused_case(benchmark::State& state, const Shape& shape, int threads) {
  Pass<S> pass(shape, threads);
  if (const std::string mistake = pass.mistake(); !mistake.empty()) return state.SkipWithError(mistake.c_str());

  double peak = fma_peak<S>(threads);
  const auto start = std::chrono::steady_clock::now();
  for (auto _ : state) {
    pass();
    benchmark::ClobberMemory();
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  peak = std::max(peak, fma_peak<S>(threads));
  const double flops = useful_flop(pass.problem()) * double(kPoints) * double(state.iterations()) / seconds;
  state.SetItemsProcessed(state.iterations() * kPoints);
  state.counters["flops"] = flops;
  state.counters["peak_share"] = flops / peak;
}

/// The heat case of the literature at several widths, the shapes of the runs in configs/, and any other physics at 64
/// x 4.
std::vector<Shape> shapes() {
  std::vector<Shape> all{{"heat_rod", 32, 4, false},
                         {"heat_rod", 64, 4, false},
                         {"heat_rod", 128, 4, false},
                         {"leach_column", 48, 4, true},
                         {"kiln_wall", 32, 3, true}};
  for (const PhysicsInfo& physics : catalog())
    if (std::none_of(all.begin(), all.end(), [&](const Shape& shape) { return shape.physics == physics.name; }))
      all.push_back({physics.name, 64, 4, true});
  return all;
}

}  // namespace

void register_fused() {
  for (const Shape& shape : shapes())
    for_each_precision([&]<class S>(const char* precision) {
      for (const int threads : thread_counts())
        benchmark::RegisterBenchmark(
            fmt::format("fused/{}/{}x{}/{}/threads:{}", shape.physics, shape.width, shape.depth, precision, threads)
                .c_str(),
            fused_case<S>, shape, threads)
            ->Unit(benchmark::kMillisecond)
            ->UseRealTime();
    });
}

}  // namespace residua::bench
