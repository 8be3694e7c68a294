// What the machine gives at best: the measure of the other cases.
#include <fmt/format.h>

#include <algorithm>

#include "bench/cases.hpp"
#include "bench/fma_peak.hpp"

namespace residua::bench {
namespace {

template <class S>
void fma_peak_case(benchmark::State& state, int threads) {
  double best = 0;
  for (auto _ : state) best = std::max(best, fma_peak<S>(threads));
  state.counters["flops"] = best;
}

}  // namespace

void register_fma_peak() {
  for (const int threads : thread_counts())
    for_each_precision([=]<class S>(const char* precision) {
      benchmark::RegisterBenchmark(fmt::format("fma_peak/{}/threads:{}", precision, threads).c_str(), fma_peak_case<S>,
                                   threads)
          ->Unit(benchmark::kMillisecond)
          ->UseRealTime();
    });
}

}  // namespace residua::bench
