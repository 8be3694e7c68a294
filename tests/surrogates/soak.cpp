// So many predictions, derivatives and batches on several threads: soak FILE COUNT [THREADS]. Fails if memory grows, or
// if an answer is ever another than at first.
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <residua/surrogate.hpp>
#include <thread>
#include <vector>

#include "tests/surrogates/count_allocations.hpp"

using residua::kCountsAllocations;

namespace {

constexpr std::size_t kPoints = 64;

long resident_kib() {
  long size = 0, resident = 0;
  std::ifstream("/proc/self/statm") >> size >> resident;
  return resident * sysconf(_SC_PAGESIZE) / 1024;
}

std::vector<std::vector<double>> points_of(const residua::Surrogate& surrogate) {
  std::vector<std::vector<double>> points(kPoints);
  for (std::size_t p = 0; p < kPoints; ++p)
    for (std::size_t i = 0; i < surrogate.inputs().size(); ++i) {
      const residua::Variable& v = surrogate.inputs()[i];
      points[p].push_back(v.lower + (v.upper - v.lower) * double((p * (2 * i + 3)) % kPoints) / kPoints);
    }
  return points;
}

/// The share of one thread; whether all answers were as expected.
bool ask(const residua::Surrogate& surrogate, const std::vector<std::vector<double>>& points,
         const std::vector<std::vector<double>>& expected, long count) {
  std::vector<double> out(surrogate.outputs().size()), jacobian(out.size() * points[0].size());
  for (long k = 0; k < count; ++k) {
    const std::size_t p = std::size_t(k) % kPoints;
    const bool slope = k % 1000 == 0;  // now and then
    if (slope)
      surrogate.jacobian(points[p], out, jacobian);
    else
      surrogate.predict(points[p], out);
    if (!slope && out != expected[p]) return false;
  }
  return true;
}

}  // namespace

int main(int count_of_arguments, char** arguments) try {
  const residua::Surrogate surrogate(arguments[1]);
  const long count = std::atol(arguments[2]);
  const auto points = points_of(surrogate);
  std::vector<std::vector<double>> expected;
  for (const auto& point : points) {
    expected.emplace_back(surrogate.outputs().size());
    surrogate.predict(point, expected.back());
  }
  const int threads =
      count_of_arguments > 3 ? std::atoi(arguments[3]) : int(std::max(1u, std::thread::hardware_concurrency()));
  std::atomic<bool> same = true;
  const auto round = [&](long share) {
    std::vector<std::thread> all;
    for (int t = 0; t < threads; ++t)
      all.emplace_back([&] {
        if (!ask(surrogate, points, expected, share / threads)) same = false;
      });
    for (std::thread& thread : all) thread.join();
  };
  round(count / 10);  // the first use of each thread's stack
  const long before = resident_kib();
  for (int k = 0; k < 9; ++k) round(count / 10);
  const long grown = resident_kib() - before;
  std::printf("%ld predictions on %d threads, %ld KiB more than at the start, answers %s\n", count, threads, grown,
              same ? "the same" : "DIFFER");
  return same && (grown <= 256 || !kCountsAllocations) ? 0 : 1;  // a sanitizer keeps books of its own
} catch (const residua::Error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
