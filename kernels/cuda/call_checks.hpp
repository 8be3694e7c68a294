#pragma once
#include <cuda_runtime_api.h>

#include <cstdint>
#include <string>

#include "kernels/core/error.hpp"
#include "kernels/cuda/check.hpp"
#include "kernels/cuda/device_physics.hpp"

// What calls check before they launch a kernel.

namespace residua::cuda {

/// Bytes of shared memory that a block may have on the current device.
inline std::size_t shared_limit() { return std::size_t(device_attribute(cudaDevAttrMaxSharedMemoryPerBlockOptin)); }

/// Sizes of a term. Throws Error if there is no such term, and for a network or points beyond kernels/points.hpp or
/// that do not fit it.
inline TermSizes fitting_sizes(const DevicePhysics& physics, int term, const MlpShape& shape, std::int64_t n,
                               int design_count) {
  const TermSizes sizes = physics.sizes(term);
  const auto require = [&](bool holds, const char* what, std::int64_t found, const std::string& expected) {
    if (!holds)
      throw Error("cuda, physics " + std::string(physics.name()) + ": " + what + " is " + std::to_string(found) +
                  ", expected " + expected);
  };
  const int inputs = sizes.features + design_count;
  require(n >= 0, "number of points", n, "0 or more");
  require(design_count >= 0, "number of design inputs", design_count, "0 or more");
  require(shape.inputs == inputs && inputs <= kMaxInputs, "number of network inputs", shape.inputs,
          std::to_string(inputs) + " (features and design inputs), at most " + std::to_string(kMaxInputs));
  require(shape.outputs == sizes.fields, "number of network outputs", shape.outputs, std::to_string(sizes.fields));
  require(shape.width >= 1 && shape.width <= kMaxWidth, "width", shape.width, "1 to " + std::to_string(kMaxWidth));
  require(shape.slopes() == 0, "number of trainable slopes", shape.slopes(), "0 (they run on the CPU only)");
  require(shape.depth >= 1 && shape.depth <= kMaxDepth, "depth", shape.depth, "1 to " + std::to_string(kMaxDepth));
  return sizes;
}
/// For points whose design inputs are what the network reads beside the features.
inline TermSizes fitting_sizes(const DevicePhysics& physics, int term, const MlpShape& shape, std::int64_t n) {
  return fitting_sizes(physics, term, shape, n, shape.inputs - physics.sizes(term).features);
}

/// Throws Error if the workspace is smaller than `bytes`, which the function of that name asks for.
inline void require(const Workspace& workspace, std::size_t bytes, const char* function) {
  if (workspace.bytes < bytes)
    throw Error("cuda: workspace of " + std::to_string(workspace.bytes) + " bytes, expected " + std::to_string(bytes) +
                " (" + function + " says how many)");
}

}  // namespace residua::cuda
