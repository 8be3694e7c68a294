// Normal equations J^T J and J^T r of one term, in double precision.
#include <fmt/format.h>

#include <chrono>
#include <cmath>

#include "bench/cases.hpp"
#include "bench/fma_peak.hpp"
#include "bench/problem.hpp"
#include "kernels/gauss_newton.hpp"

namespace residua::bench {
namespace {

constexpr std::int64_t kRows = 10'000;

/// What is wrong with the answer; empty if nothing. The Jacobian of a few points, whose own test is against differences
/// of the slow reference, gives the sums that the normal equations of these points must have.
std::string mistake(const Problem& problem) {
  const Cast<double> cast(problem);
  const std::int64_t p = problem.shape.parameters(), n = 64;
  std::vector<double> coords, design;
  for (std::size_t row = 0; row < problem.coords.size(); row += std::size_t(problem.n))
    coords.insert(coords.end(), problem.coords.begin() + std::ptrdiff_t(row),
                  problem.coords.begin() + std::ptrdiff_t(row) + n);
  Points<double> points = cast.points;
  points.n = n;
  points.coords = coords.data();
  std::vector<double> rows(std::size_t(n * p)), residual(static_cast<std::size_t>(n));
  jacobian(problem.term, cast.network, points, rows.data(), residual.data());
  NormalEquations normal(p);
  normal.add(problem.term, cast.network, points, {});
  double difference = 0, size = 0;
  for (std::int64_t i = 0; i < p; ++i)
    for (std::int64_t j = i; j < p; ++j) {
      double sum = 0;
      for (std::int64_t k = 0; k < n; ++k) sum += rows[std::size_t(k * p + i)] * rows[std::size_t(k * p + j)];
      difference += std::pow(sum - normal.matrix()[i * normal.stride() + j], 2);
      size += sum * sum;
    }
  const double error = std::sqrt(difference / size);
  return error < 1e-12 ? "" : fmt::format("wrong normal equations: relative error {:.1e}", error);
}

/// FLOP are those of the symmetric product alone, p (p + 1) for each row of p parameters; finding the rows is not
/// counted.
void normal_equations(benchmark::State& state, int width, int threads) {
  const Problem problem = random_problem("heat", kRows, width, 4, false);
  if (const std::string wrong = mistake(problem); !wrong.empty()) return state.SkipWithError(wrong.c_str());
  const Cast<double> cast(problem);
  const auto p = double(problem.shape.parameters());
  NormalEquations normal(problem.shape.parameters());

  double peak = fma_peak<double>(threads);
  const auto start = std::chrono::steady_clock::now();
  for (auto _ : state) {
    normal.clear();
    normal.add(problem.term, cast.network, cast.points, {}, threads);
    benchmark::ClobberMemory();
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  peak = std::max(peak, fma_peak<double>(threads));
  const double flops = double(kRows) * p * (p + 1) * double(state.iterations()) / seconds;
  state.SetItemsProcessed(state.iterations() * kRows);
  state.counters["parameters"] = p;
  state.counters["flops"] = flops;
  state.counters["peak_share"] = flops / peak;
}

}  // namespace

void register_gauss_newton() {
  for (const int width : {11, 21, 36})  // 441, 1,471 and 4,141 parameters
    for (const int threads : thread_counts())
      benchmark::RegisterBenchmark(fmt::format("normal_equations/heat/{}x4/threads:{}", width, threads).c_str(),
                                   normal_equations, width, threads)
          ->Unit(benchmark::kMillisecond)
          ->UseRealTime();
}

}  // namespace residua::bench
