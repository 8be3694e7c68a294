#pragma once
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <numeric>
#include <vector>

#include "kernels/cuda/adam_training.hpp"

namespace residua::testing_support {

/// The Device of kernels/cuda/adam_training.hpp on the host: the bodies of its kernels one element after the other, the
/// algorithms of the standard library, and the fused pass of the CPU. Memory that nobody wrote is NaN.
class HostDevice {
 public:
  template <class T>
  class Array {
   public:
    explicit Array(const std::vector<T>& host) : values_(host) {}
    explicit Array(std::size_t count) : values_(count) {
      std::fill_n(reinterpret_cast<unsigned char*>(values_.data()), bytes(), 0xff);
    }
    T* data() { return values_.data(); }
    std::size_t bytes() const { return values_.size() * sizeof(T); }
    std::vector<T> host() const { return values_; }
    void set(const std::vector<T>& host) {
      ASSERT_EQ(host.size(), values_.size());
      values_ = host;
    }

   private:
    std::vector<T> values_;
  };

  template <class Body>
  void each(std::int64_t n, const Body& body) const {
    for (std::int64_t i = 0; i < n; ++i) body(i);
  }
  std::size_t scratch_bytes(std::int64_t) const { return 0; }
  void sum(const double* values, std::int64_t n, double* total, cuda::Workspace) const {
    *total = std::accumulate(values, values + n, 0.0);
  }
  void ascending(const double* keys, std::int64_t n, std::int64_t* positions, cuda::Workspace) const {
    std::iota(positions, positions + n, 0);
    std::stable_sort(positions, positions + n, [&](std::int64_t a, std::int64_t b) { return keys[a] < keys[b]; });
  }
  template <class S>
  std::size_t workspace_bytes(TermId, const MlpShape&, std::int64_t) const {
    return 0;
  }
  template <class S>
  void fused(TermId term, const Network<S>& network, const Points<S>& points, const FusedWeights<S>& weights,
             const FusedResult<S>& result, cuda::Workspace) const {
    residua::fused<S>(term, network, points, weights, result);
  }
  std::size_t record(std::function<void()> queue) {
    recordings_.push_back(std::move(queue));
    return recordings_.size() - 1;
  }
  void replay(std::size_t recording) const { recordings_[recording](); }

 private:
  std::vector<std::function<void()>> recordings_;
};

}  // namespace residua::testing_support
