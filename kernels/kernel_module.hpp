#pragma once
#include <span>

#include "kernels/catalog.hpp"
#include "kernels/term_kernel.hpp"

namespace residua {

/// Physics and their kernels, compiled apart from this program and for one instruction set. A TermId names a physics by
/// its position in `physics`; for one out of range the functions give null.
struct KernelModule {
  std::span<const PhysicsInfo> physics;
  const TermKernel<float>* (*single)(TermId);
  const TermKernel<double>* (*twice)(TermId);
};

/// Adds the physics of a module, which has to outlive this program, to the catalog: from then on they are as good as
/// any. To be called as add_to_catalog() says. Throws Error if there is a physics of that name.
void add_kernels(const KernelModule& module);

}  // namespace residua
