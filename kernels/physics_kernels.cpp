// The kernels of one physics: RESIDUA_PHYSICS, which RESIDUA_PHYSICS_HEADER defines. Compiled once per physics and
// instruction set.
#include "kernels/fused_body.hpp"
#include RESIDUA_PHYSICS_HEADER

namespace residua::inline RESIDUA_ISA {

template const TermKernel<float>* term_kernel_of<physics::RESIDUA_PHYSICS, float>(int);
template const TermKernel<double>* term_kernel_of<physics::RESIDUA_PHYSICS, double>(int);

}  // namespace residua::inline RESIDUA_ISA
