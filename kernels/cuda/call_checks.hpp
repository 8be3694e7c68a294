#pragma once
#include <cuda_runtime_api.h>

#include <cstdint>
#include <string>

#include "kernels/core/error.hpp"
#include "kernels/core/physics.hpp"
#include "kernels/cuda/check.hpp"
#include "kernels/cuda/fused_cuda.hpp"

// What calls for one physics check before they launch a kernel.

namespace residua::cuda {

/// Calls f.template operator()<Term>() for a term of the physics, or its answer. Throws Error if there is none.
template <class Ph, class F>
void visit_term(int term, F&& f) {
  bool found = false;
  int index = 0;
  const auto visit = [&]<class Term>() {
    if (index++ != term) return;
    found = true;
    f.template operator()<Term>();
  };
  for_each_term<Ph>(visit);
  visit.template operator()<Answer<Ph>>();
  if (!found)
    throw Error(std::string("cuda: no term ") + std::to_string(term) + " of " + std::string(Ph::name) +
                "; find_term() gives valid ones");
}

/// Bytes of shared memory that a block may have on the current device.
inline std::size_t shared_limit() {
  int device = 0, bytes = 0;
  check(cudaGetDevice(&device), "cudaGetDevice");
  check(cudaDeviceGetAttribute(&bytes, cudaDevAttrMaxSharedMemoryPerBlockOptin, device), "cudaDeviceGetAttribute");
  return std::size_t(bytes);
}

template <class Ph>
void check_sizes(const MlpShape& shape, std::int64_t n, int design_count) {
  const auto require = [](bool holds, const char* what, std::int64_t found, const std::string& expected) {
    if (!holds)
      throw Error(std::string("cuda, physics ") + std::string(Ph::name) + ": " + what + " is " + std::to_string(found) +
                  ", expected " + expected);
  };
  const int inputs = kFeatures<Ph> + design_count;
  require(n >= 0, "number of points", n, "0 or more");
  require(design_count >= 0, "number of design inputs", design_count, "0 or more");
  require(shape.inputs == inputs && inputs <= kMaxInputs, "number of network inputs", shape.inputs,
          std::to_string(inputs) + " (features and design inputs), at most " + std::to_string(kMaxInputs));
  require(shape.outputs == Ph::kFields, "number of network outputs", shape.outputs, std::to_string(Ph::kFields));
  require(shape.width >= 1 && shape.width <= kMaxWidth, "width", shape.width, "1 to " + std::to_string(kMaxWidth));
  require(shape.slopes() == 0, "number of trainable slopes", shape.slopes(), "0 (they run on the CPU only)");
  require(shape.depth >= 1 && shape.depth <= kMaxDepth, "depth", shape.depth, "1 to " + std::to_string(kMaxDepth));
}

/// Throws Error if the workspace is smaller than `bytes`, which the function of that name asks for.
inline void require(const Workspace& workspace, std::size_t bytes, const char* function) {
  if (workspace.bytes < bytes)
    throw Error("cuda: workspace of " + std::to_string(workspace.bytes) + " bytes, expected " + std::to_string(bytes) +
                " (" + function + " says how many)");
}

}  // namespace residua::cuda
