// The residual by itself, jets in and rows out: limited by memory, which is why the fused pass exists.
#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <random>
#include <string>

#include "bench/cases.hpp"
#include "bench/problem.hpp"
#include "bench/reference.hpp"
#include "kernels/residual.hpp"

namespace residua::bench {
namespace {

/// Fields about 0.8 and derivatives about 0, both of the size of one.
std::vector<double> random_jet(const Problem& problem) {
  std::vector<double> jet;
  std::mt19937 rng(2);
  std::uniform_real_distribution<double> unit(-1, 1);
  for (const JetRow& row : jet_rows(problem.term))
    for (std::int64_t i = 0; i < problem.n; ++i) jet.push_back(row.coords[0] < 0 ? 0.8 + 0.4 * unit(rng) : unit(rng));
  return jet;
}

/// Largest difference over the sample, relative to the largest residual there.
template <class S>
double error_of(const std::vector<S>& rows, const std::vector<double>& expected,
                const std::vector<std::int64_t>& sample, std::int64_t n) {
  double difference = 0, size = 0;
  for (std::size_t k = 0; k < expected.size(); ++k) {
    const std::size_t e = k / sample.size(), i = std::size_t(sample[k % sample.size()]);
    const double d = std::abs(double(rows[e * std::size_t(n) + i]) - expected[k]);
    difference = d <= difference ? difference : d;  // keeps a NaN
    size = std::max(size, std::abs(expected[k]));
  }
  return difference / size;
}

template <class S>
void residual_case(benchmark::State& state, std::string_view physics, std::int64_t n) {
  const Problem problem = random_problem(physics, n, 1, 1, true);
  const Cast<S> cast(problem);
  const std::vector<double> exact_jet = random_jet(problem);
  const std::vector<S> jet(exact_jet.begin(), exact_jet.end());
  std::vector<S> rows(std::size_t(problem.physics->terms.front().equations) * std::size_t(n));
  const auto call = [&] { residual<S>(problem.term, cast.points, jet.data(), rows.data()); };

  call();
  const auto sample = sample_of(n, 61);
  const double error = error_of(rows, reference_residual(problem, exact_jet, sample), sample, n);
  if (!(error < 100 * double(std::numeric_limits<S>::epsilon())))
    return state.SkipWithError(fmt::format("wrong answer: relative error {:.1e}", error).c_str());

  for (auto _ : state) {
    call();
    benchmark::ClobberMemory();
  }
  const std::size_t values = cast.coords.size() + cast.design.size() + jet.size() + rows.size();
  state.SetItemsProcessed(state.iterations() * n);
  state.SetBytesProcessed(state.iterations() * std::int64_t(values * sizeof(S)));
}

}  // namespace

void register_residual() {
  for (const PhysicsInfo& physics : catalog())
    for_each_precision([&]<class S>(const char* precision) {
      for (const std::int64_t n : {4096, 1048576})
        benchmark::RegisterBenchmark(fmt::format("residual/{}/{}/points:{}", physics.name, precision, n).c_str(),
                                     residual_case<S>, physics.name, n)
            ->Unit(benchmark::kMicrosecond);
    });
}

}  // namespace residua::bench
