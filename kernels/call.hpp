#pragma once
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "kernels/isa.hpp"
#include "kernels/parallel.hpp"

namespace residua {

/// Memory of one thread, aligned to a cache line; it grows and is kept, since small batches would otherwise spend
/// their time in the allocator.
template <class S>
class Scratch {
 public:
  S* at_least(std::size_t count) {
    if (count > count_) {
      const std::size_t bytes = (count * sizeof(S) + 63) / 64 * 64;
      memory_.reset(static_cast<S*>(std::aligned_alloc(64, bytes)));
      if (!memory_) throw std::bad_alloc();
      count_ = count;
    }
    return memory_.get();
  }

 private:
  struct Free {
    void operator()(void* p) const { std::free(p); }
  };
  std::unique_ptr<S, Free> memory_;
  std::size_t count_ = 0;
};

/// One call of a term's kernel: checked, slopes folded, weights packed, tiles dealt out to threads.
template <class S>
class Call {
 public:
  /// Throws Error for sizes beyond kernels/points.hpp or that do not fit the physics.
  Call(TermId term, const Network<S>& network, const Points<S>& points, const FusedWeights<S>& weights, int threads);

  const TermKernel<S>& kernel() const { return kernel_; }
  const MlpShape& shape() const { return network_.shape; }  ///< without slopes
  int threads() const { return threads_; }
  std::int64_t tile() const { return tile_; }

  /// work(thread, range) for shares of the points first, ..., last - 1 (`first` a multiple of the tile); the range
  /// lacks its outputs. Throws Error, naming the point, if an input is NaN or infinite.
  template <class Work>
  void for_ranges(std::int64_t first, std::int64_t last, Work&& work) {
    const std::int64_t tiles = (last - first + tile_ - 1) / tile_;
    const int threads = int(std::min<std::int64_t>(threads_, tiles));
    std::vector<std::string> bad(std::size_t(std::max(threads, 1)));
    if (tiles == 0) return;
    in_parallel(threads, [&](int thread) {
      TileRange<S> range{};
      range.network = &network_;
      range.points = &points_;
      range.weights = &weights_;
      range.packed = packed_;
      range.first = first + tiles * thread / threads * tile_;
      range.last = std::min(first + tiles * (thread + 1) / threads * tile_, last);
      bad[std::size_t(thread)] = bad_input(range.first, range.last);
      if (!bad[std::size_t(thread)].empty()) return;
      range.workspace = workspace(kernel_.workspace_size(network_.shape));
      work(thread, range);
    });
    refuse(bad);
  }

 private:
  static S* workspace(std::size_t size) {
    thread_local Scratch<S> scratch;
    return scratch.at_least(size);
  }
  /// What is not finite among the inputs of some points; empty if nothing.
  std::string bad_input(std::int64_t first, std::int64_t last) const;
  static void refuse(const std::vector<std::string>& bad);

  TermId term_;
  const TermKernel<S>& kernel_;
  Network<S> network_;
  const Points<S>& points_;
  const FusedWeights<S>& weights_;
  int threads_;
  std::int64_t tile_;
  const S* packed_;
};

}  // namespace residua
