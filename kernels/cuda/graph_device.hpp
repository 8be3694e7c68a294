#pragma once
#include <cuda_runtime_api.h>

#include <utility>

#include "kernels/cuda/check.hpp"
#include "kernels/cuda/device_array.hpp"
#include "kernels/cuda/for_each.hpp"

namespace residua::cuda {

/// A stream of the current device, and a CUDA graph that replays on it what was once queued there. Copies to and from
/// arrays wait for the stream. What it lacks of the Device of adam_training.hpp is the fused pass.
class GraphDevice {
 public:
  template <class T>
  using Array = DeviceArray<T>;

  GraphDevice() { check(cudaStreamCreate(&stream_), "cudaStreamCreate"); }
  GraphDevice(GraphDevice&& other) noexcept
      : stream_(std::exchange(other.stream_, nullptr)), graph_(std::exchange(other.graph_, nullptr)) {}
  GraphDevice& operator=(GraphDevice&&) = delete;
  ~GraphDevice() {
    if (graph_) cudaGraphExecDestroy(graph_);
    if (stream_) cudaStreamDestroy(stream_);
  }

  Stream stream() const { return stream_; }

  template <class Body>
  void each(std::int64_t n, const Body& body) const {
    for_each(n, body, stream_);
  }

  template <class Queue>
  void record(Queue&& queue) {
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
    const cudaError_t status = cudaGraphInstantiate(&graph_, graph, 0);
    cudaGraphDestroy(graph);
    check(status, "cudaGraphInstantiate");
  }

  void replay(std::int64_t times) const {
    for (std::int64_t k = 0; k < times; ++k) check(cudaGraphLaunch(graph_, stream_), "cudaGraphLaunch");
  }

 private:
  Stream stream_ = nullptr;
  cudaGraphExec_t graph_ = nullptr;
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
