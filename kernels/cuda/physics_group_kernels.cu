// The CUDA kernels of one physics that multiply by warp groups, beside those of physics_kernels.cu. For sm_90a alone.
#include "kernels/cuda/physics_table.cuh"
#include RESIDUA_PHYSICS_HEADER

namespace residua::cuda {

template FusedKernels fused_kernels<physics::RESIDUA_PHYSICS, float, WarpGroups>(int);

}  // namespace residua::cuda
