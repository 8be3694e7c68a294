// The CUDA kernels of one physics that multiply by tensor cores, beside those of physics_kernels.cu.
#include "kernels/cuda/physics_launch.cuh"
#include RESIDUA_PHYSICS_HEADER

namespace residua::cuda {

template struct FusedLaunch<physics::RESIDUA_PHYSICS, float, SplitTf32>;
template struct FusedLaunch<physics::RESIDUA_PHYSICS, double, WholeDoubles>;

}  // namespace residua::cuda
