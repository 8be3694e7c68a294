#include <thrust/execution_policy.h>
#include <thrust/sequence.h>
#include <thrust/system_error.h>

#include <algorithm>
#include <cub/device/device_radix_sort.cuh>
#include <cub/device/device_reduce.cuh>
#include <string>

#include "kernels/core/error.hpp"
#include "kernels/cuda/array_algorithms.hpp"
#include "kernels/cuda/call_checks.hpp"

namespace residua::cuda {
namespace {

// CUB itself and not Thrust's calls of it, which allocate what they need, and hand a sum to the host.

/// What ascending() lends to CUB: keys and positions that it reads or writes besides those of its caller.
struct SortScratch {
  explicit SortScratch(std::int64_t n) : positions_at(aligned(n * sizeof(double))), own_at(2 * positions_at) {
    check(cub::DeviceRadixSort::SortPairs(nullptr, own_bytes, static_cast<const double*>(nullptr),
                                          static_cast<double*>(nullptr), static_cast<const std::int64_t*>(nullptr),
                                          static_cast<std::int64_t*>(nullptr), n),
          "cub::DeviceRadixSort::SortPairs");
  }
  static std::size_t aligned(std::size_t bytes) { return (bytes + 255) / 256 * 256; }
  std::size_t bytes() const { return own_at + own_bytes; }

  std::size_t positions_at, own_at, own_bytes = 0;
};
static_assert(sizeof(std::int64_t) == sizeof(double));

std::size_t sum_bytes(std::int64_t n) {
  std::size_t bytes = 0;
  check(cub::DeviceReduce::Sum(nullptr, bytes, static_cast<const double*>(nullptr), static_cast<double*>(nullptr), n),
        "cub::DeviceReduce::Sum");
  return bytes;
}

}  // namespace

std::size_t scratch_bytes(std::int64_t n) { return std::max(SortScratch(n).bytes(), sum_bytes(n)); }

void sum(const double* values, std::int64_t n, double* total, Workspace scratch, Stream stream) {
  require(scratch, sum_bytes(n), "scratch_bytes()");
  check(cub::DeviceReduce::Sum(scratch.data, scratch.bytes, values, total, n, stream), "cub::DeviceReduce::Sum");
}

void ascending(const double* keys, std::int64_t n, std::int64_t* positions, Workspace scratch, Stream stream) {
  SortScratch part(n);
  require(scratch, part.bytes(), "scratch_bytes()");
  auto* const bytes = static_cast<unsigned char*>(scratch.data);
  auto* const unsorted = reinterpret_cast<std::int64_t*>(bytes + part.positions_at);
  try {
    thrust::sequence(thrust::cuda::par_nosync.on(stream), unsorted, unsorted + n);
  } catch (const thrust::system_error& e) {
    throw Error(std::string("cuda: the numbers below ") + std::to_string(n) + ": " + e.what());
  }
  check(cub::DeviceRadixSort::SortPairs(bytes + part.own_at, part.own_bytes, keys, reinterpret_cast<double*>(bytes),
                                        unsorted, positions, n, 0, int(8 * sizeof(double)), stream),
        "cub::DeviceRadixSort::SortPairs");
}

}  // namespace residua::cuda
