#pragma once
#include <cuda_runtime_api.h>

#include <algorithm>
#include <cstddef>
#include <vector>

#include "kernels/cuda/check.hpp"

namespace residua::cuda {

/// An array on the current device, by cudaMalloc: starts as a copy, or as `count` elements of NaN bits.
template <class T>
class DeviceArray {
 public:
  explicit DeviceArray(const std::vector<T>& host) : DeviceArray(host.size()) { set(host); }
  explicit DeviceArray(std::size_t count) : count_(count) {
    check(cudaMalloc(reinterpret_cast<void**>(&data_), std::max<std::size_t>(bytes(), 1)), "cudaMalloc");
    check(cudaMemset(data_, 0xff, bytes()), "cudaMemset");
  }
  ~DeviceArray() { cudaFree(data_); }
  DeviceArray(const DeviceArray&) = delete;

  T* data() { return data_; }
  std::size_t bytes() const { return count_ * sizeof(T); }
  std::vector<T> host() const {
    std::vector<T> copy(count_);
    check(cudaMemcpy(copy.data(), data_, bytes(), cudaMemcpyDeviceToHost), "cudaMemcpy");
    return copy;
  }
  /// Replaces the elements by as many of the host's.
  void set(const std::vector<T>& host) {
    check(cudaMemcpy(data_, host.data(), bytes(), cudaMemcpyHostToDevice), "cudaMemcpy");
  }

 private:
  std::size_t count_;
  T* data_ = nullptr;
};

}  // namespace residua::cuda
