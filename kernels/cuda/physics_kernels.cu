// The CUDA kernels of one physics: RESIDUA_PHYSICS, which RESIDUA_PHYSICS_HEADER defines. Compiled once per physics.
#include "kernels/cuda/physics_table.cuh"
#include RESIDUA_PHYSICS_HEADER

namespace residua::cuda {

// Those that multiply by tensor cores or warp groups and those of Gauss-Newton stand in files of their own, which
// compile beside this one.
extern template FusedKernels fused_kernels<physics::RESIDUA_PHYSICS, float, SplitTf32>(int);
extern template FusedKernels fused_kernels<physics::RESIDUA_PHYSICS, double, WholeDoubles>(int);
extern template FusedKernels fused_kernels<physics::RESIDUA_PHYSICS, float, WarpGroups>(int);
extern template GaussNewtonKernels gauss_newton_kernels<physics::RESIDUA_PHYSICS>(int);

template const DevicePhysics& device_physics<physics::RESIDUA_PHYSICS>();

}  // namespace residua::cuda
