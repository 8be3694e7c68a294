// The fused pass: points in; loss, residuals and weight gradients out. What a training step consists of.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
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

template <class S>
struct Tolerance;
template <>
struct Tolerance<float> {
  static constexpr double kRows = 2e-4, kGradient = 2e-3;
};
template <>
struct Tolerance<double> {
  static constexpr double kRows = 1e-11, kGradient = 1e-6;  // the latter that of a difference quotient
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

  /// What is wrong with the answer; empty if nothing. All points take part, but only a sample has a weight: the
  /// reference then gives loss and gradient from the sample alone.
  std::string mistake() {
    const auto sample = sample_of(kPoints, 23);
    std::fill(point_weight_.begin(), point_weight_.end(), S(0));
    for (const std::int64_t i : sample) point_weight_[std::size_t(i)] = 1;
    (*this)();
    std::fill(point_weight_.begin(), point_weight_.end(), S(1));

    const auto loss_at = [&](const std::vector<double>& weights) {
      double loss = 0;
      for (const double r : reference_rows(problem_, weights, sample)) loss += r * r;
      return loss;
    };
    const auto expected = reference_rows(problem_, problem_.weights, sample);
    double difference = 0, size = 0, loss = 0;
    for (std::size_t k = 0; k < expected.size(); ++k) {
      const std::size_t e = k / sample.size(), i = std::size_t(sample[k % sample.size()]);
      difference += std::pow(double(rows_[e * std::size_t(kPoints) + i]) - expected[k], 2);
      size += expected[k] * expected[k];
    }
    if (!(std::sqrt(difference / size) < Tolerance<S>::kRows))
      return fmt::format("wrong residuals: relative error {:.1e}", std::sqrt(difference / size));
    for (const double l : loss_) loss += l;
    if (!(std::abs(loss - size) < Tolerance<S>::kRows * size))
      return fmt::format("wrong loss: expected {}, found {}", size, loss);

    // The slope along a direction of random signs: an error anywhere in the gradient shows in it at its own size.
    double slope = 0, norm = 0;
    auto up = problem_.weights, down = up;
    constexpr double kStep = 1e-6;
    std::uint32_t bits = 1;
    for (std::size_t k = 0; k < gradient_.size(); ++k) {
      bits = bits * 1664525u + 1013904223u;  // Numerical Recipes' generator; its highest bit is the sign
      const double sign = bits >> 31 ? 1 : -1;
      up[k] += sign * kStep;
      down[k] -= sign * kStep;
      slope += sign * double(gradient_[k]);
      norm += double(gradient_[k]) * double(gradient_[k]);
    }
    const double error = std::abs(slope - (loss_at(up) - loss_at(down)) / (2 * kStep)) / std::sqrt(norm);
    return error < Tolerance<S>::kGradient ? "" : fmt::format("wrong gradient: relative error {:.1e}", error);
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
