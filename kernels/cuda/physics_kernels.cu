// The CUDA kernels of one physics: RESIDUA_PHYSICS, which RESIDUA_PHYSICS_HEADER defines. Compiled once per physics.
#include "kernels/cuda/physics_launch.cuh"
#include RESIDUA_PHYSICS_HEADER

namespace residua::cuda {

template struct FusedLaunch<physics::RESIDUA_PHYSICS, float, PerThread>;
template struct FusedLaunch<physics::RESIDUA_PHYSICS, double, PerThread>;
template struct PhysicsLaunch<physics::RESIDUA_PHYSICS, float>;
template struct PhysicsLaunch<physics::RESIDUA_PHYSICS, double>;

}  // namespace residua::cuda
