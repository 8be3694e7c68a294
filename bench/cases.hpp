#pragma once
#include <benchmark/benchmark.h>

#include <vector>

namespace residua::bench {

// Each file of cases registers its own, which main() calls: their list depends on the registry of physics.
void register_fma_peak();
void register_residual();
void register_fused();
void register_gauss_newton();
void register_inference();

/// One thread, and as many as the machine runs at once (or OMP_NUM_THREADS says).
std::vector<int> thread_counts();

/// Calls f.template operator()<S>(name of S) for both precisions.
template <class F>
void for_each_precision(F&& f) {
  f.template operator()<float>("float32");
  f.template operator()<double>("float64");
}

}  // namespace residua::bench
