#include "bench/fma_peak.hpp"

#include <algorithm>
#include <chrono>

#include "bench/fma_loop.hpp"
#include "kernels/core/error.hpp"
#include "kernels/isa.hpp"

namespace residua::bench {
namespace {

template <class S>
FmaLoop<S> active_loop(long rounds) {
  const S half = S(0.5), one = 1;
  if constexpr (isa_is_built("avx512"))
    if (active_isa() == "avx512") return avx512::fma_loop<S>(rounds, half, one);
  if constexpr (isa_is_built("avx2"))
    if (active_isa() == "avx2") return avx2::fma_loop<S>(rounds, half, one);
  if constexpr (isa_is_built("baseline"))
    if (active_isa() == "baseline") return baseline::fma_loop<S>(rounds, half, one);
  throw Error("FMA peak: no loop for the instruction set in use");
}

/// Operations per second of `rounds` on every thread, from the start of the first to the end of the last.
template <class S>
double rate(int threads, long rounds) {
  double flop = 0;
  bool right = true;
  const auto start = std::chrono::steady_clock::now();
#pragma omp parallel num_threads(threads) reduction(+ : flop) reduction(&& : right)
  {
    const FmaLoop<S> loop = active_loop<S>(rounds);
    flop += loop.flop;
    right = right && loop.value == 2;  // the limit of x / 2 + 1, reached exactly after one round per bit
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (!right) throw Error("FMA peak: the loop gives a wrong answer");
  return flop / seconds;
}

}  // namespace

template <class S>
double fma_peak(int threads) {
  constexpr int kWindows = 6;
  constexpr double kSeconds = 5e-3;  // long enough for the scheduler to give every thread a core of its own
  const double one_thread = rate<S>(1, 20000), flop_per_round = active_loop<S>(100).flop / 100;
  const long rounds = long(kSeconds * one_thread / flop_per_round) + 1;
  double best = 0;
  for (int window = 0; window < kWindows; ++window) best = std::max(best, rate<S>(threads, rounds));
  return best;
}
template double fma_peak<float>(int);
template double fma_peak<double>(int);

}  // namespace residua::bench
