// The Gauss-Newton CUDA kernels of one physics, beside those of physics_kernels.cu.
#include "kernels/cuda/physics_table.cuh"
#include RESIDUA_PHYSICS_HEADER

namespace residua::cuda {

template GaussNewtonKernels gauss_newton_kernels<physics::RESIDUA_PHYSICS>(int);

}  // namespace residua::cuda
