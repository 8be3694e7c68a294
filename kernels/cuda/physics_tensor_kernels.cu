// The CUDA kernels of one physics that multiply by tensor cores, beside those of physics_kernels.cu.
#include "kernels/cuda/physics_table.cuh"
#include RESIDUA_PHYSICS_HEADER

namespace residua::cuda {

template FusedKernels fused_kernels<physics::RESIDUA_PHYSICS, float, SplitTf32>(int);
template FusedKernels fused_kernels<physics::RESIDUA_PHYSICS, double, WholeDoubles>(int);

}  // namespace residua::cuda
