// residua_bench: Google Benchmark cases, each of which checks its answer before its clock starts. Its options are those
// of every Google Benchmark program; --benchmark_filter=fused/heat_rod picks some, --benchmark_list_tests names all.
#include <omp.h>

#include <algorithm>
#include <exception>
#include <string>

#include "bench/cases.hpp"
#include "kernels/fused.hpp"

std::vector<int> residua::bench::thread_counts() {
  const int most = omp_get_max_threads();
  return most > 1 ? std::vector{1, most} : std::vector{1};
}

int main(int argc, char** argv) {
  try {
    benchmark::AddCustomContext("isa", std::string(residua::active_isa()));
    residua::bench::register_fma_peak();
    residua::bench::register_residual();
    residua::bench::register_fused();
    residua::bench::register_gauss_newton();
    residua::bench::register_inference();
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
    const std::size_t ran = benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
    return ran > 0 ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "residua_bench: %s\n", error.what());
    return 1;
  }
}
