#pragma once
#include <memory>
#include <string_view>

#include "kernels/cuda/fused_cuda.hpp"

namespace residua::cuda {

/// What the host has to know of a term to lay out its passes.
struct TermSizes {
  int features, fields, equations;
  int channels, curved;  ///< of Propagation
};

/// Kernels of a term as the CUDA runtime launches them.
struct FusedKernels {
  const void *rows = nullptr, *gradient = nullptr;
};
struct ResidualKernels {
  const void *forward = nullptr, *backward = nullptr;
};
/// In double precision: rows of the Jacobian, its product with a direction, that of its transpose with rows.
struct GaussNewtonKernels {
  const void *jacobian = nullptr, *product = nullptr, *transposed = nullptr;
};

/// A physics on the device, for single (float) and double precision; `term` as in TermId. What is asked for a term out
/// of range throws Error.
class DevicePhysics {
 public:
  virtual ~DevicePhysics() = default;
  virtual std::string_view name() const = 0;
  virtual TermSizes sizes(int term) const = 0;
  virtual FusedKernels fused(int term, bool twice, Multiply multiply) const = 0;
  virtual ResidualKernels residual(int term, bool twice) const = 0;
  virtual GaussNewtonKernels gauss_newton(int term) const = 0;
};

/// That of a physics of the toolkit.
template <class Ph>
const DevicePhysics &device_physics();

/// Adds a physics behind those of the registry, for a program that has added it to the catalog as well and in the same
/// order. To be called as add_to_catalog() says.
void add_device_physics(std::unique_ptr<const DevicePhysics> physics);

}  // namespace residua::cuda
