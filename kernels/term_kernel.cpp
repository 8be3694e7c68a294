// From the number of a physics to its kernels. Compiled once per instruction set.
#include "kernels/term_kernel.hpp"

#include "kernels/registry.hpp"

namespace residua::RESIDUA_ISA {

template <class S>
const TermKernel<S>* term_kernel(TermId id) {
  const TermKernel<S>* found = nullptr;
  visit_physics(id.physics, [&]<class Ph>() { found = term_kernel_of<Ph, S>(id.term); });
  return found;
}
template const TermKernel<float>* term_kernel(TermId);
template const TermKernel<double>* term_kernel(TermId);

}  // namespace residua::RESIDUA_ISA
