#pragma once
#include <cuda_runtime_api.h>

#include <utility>
#include <vector>

#include "kernels/cuda/array_algorithms.hpp"
#include "kernels/cuda/check.hpp"
#include "kernels/cuda/device_array.hpp"
#include "kernels/cuda/for_each.hpp"

namespace residua::cuda {

/// A stream of the current device, and CUDA graphs that replay on it what was once queued there. Copies to and from
/// arrays wait for the stream. What it lacks of the Device of adam_training.hpp is the fused pass.
class GraphDevice {
 public:
  template <class T>
  using Array = DeviceArray<T>;

  GraphDevice() { check(cudaStreamCreate(&stream_), "cudaStreamCreate"); }
  GraphDevice(GraphDevice&& other) noexcept
      : stream_(std::exchange(other.stream_, nullptr)), graphs_(std::exchange(other.graphs_, {})) {}
  GraphDevice& operator=(GraphDevice&&) = delete;
  ~GraphDevice() {
    for (const cudaGraphExec_t graph : graphs_) cudaGraphExecDestroy(graph);
    if (stream_) cudaStreamDestroy(stream_);
  }

  Stream stream() const { return stream_; }

  template <class Body>
  void each(std::int64_t n, const Body& body) const {
    for_each(n, body, stream_);
  }
  std::size_t scratch_bytes(std::int64_t n) const { return cuda::scratch_bytes(n); }
  void sum(const double* values, std::int64_t n, double* total, Workspace scratch) const {
    cuda::sum(values, n, total, scratch, stream_);
  }
  void ascending(const double* keys, std::int64_t n, std::int64_t* positions, Workspace scratch) const {
    cuda::ascending(keys, n, positions, scratch, stream_);
  }

  template <class Queue>
  std::size_t record(Queue&& queue) {
    // Other threads may go on using the device meanwhile.
    check(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal), "cudaStreamBeginCapture");
    cudaGraph_t graph = nullptr;
    try {
      queue();
    } catch (...) {
      cudaStreamEndCapture(stream_, &graph);
      if (graph) cudaGraphDestroy(graph);
      throw;
    }
    check(cudaStreamEndCapture(stream_, &graph), "cudaStreamEndCapture");
    cudaGraphExec_t ready = nullptr;
    const cudaError_t status = cudaGraphInstantiate(&ready, graph, 0);
    cudaGraphDestroy(graph);
    check(status, "cudaGraphInstantiate");
    graphs_.push_back(ready);
    return graphs_.size() - 1;
  }

  void replay(std::size_t recording) const { check(cudaGraphLaunch(graphs_[recording], stream_), "cudaGraphLaunch"); }

 private:
  Stream stream_ = nullptr;
  std::vector<cudaGraphExec_t> graphs_;
};

/// With the fused pass of all physics that the build has kernels of.
struct RegistryDevice : GraphDevice {
  template <class S>
  std::size_t workspace_bytes(TermId term, const MlpShape& shape, std::int64_t n) const {
    return cuda::workspace_bytes<S>(term, shape, n, true);
  }
  template <class S>
  void fused(TermId term, const Network<S>& network, const Points<S>& points, const FusedWeights<S>& weights,
             const FusedResult<S>& result, Workspace workspace) const {
    cuda::fused<S>(term, network, points, weights, result, workspace, stream());
  }
};

}  // namespace residua::cuda
