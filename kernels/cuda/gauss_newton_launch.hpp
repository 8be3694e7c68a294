#pragma once
#include "kernels/cuda/device_physics.hpp"
#include "kernels/cuda/gauss_newton_cuda.hpp"

namespace residua::cuda {

// The entry points of gauss_newton_cuda.hpp for one physics.

std::size_t normal_equations_bytes(const DevicePhysics& physics, int term, const MlpShape& shape, std::int64_t n);

void add_normal_equations(const DevicePhysics& physics, int term, const Network<double>& network,
                          const Points<double>& points, const FusedWeights<double>& weights, double* sums,
                          Workspace workspace, Stream stream);

std::size_t jacobian_bytes(const DevicePhysics& physics, int term, const MlpShape& shape, std::int64_t n);

void jacobian(const DevicePhysics& physics, int term, const Network<double>& network, const Points<double>& points,
              const FusedWeights<double>& weights, PointRange range, double* rows, Workspace workspace, Stream stream);

void jacobian_product(const DevicePhysics& physics, int term, const Network<double>& network,
                      const Points<double>& points, const double* direction, double* product, Workspace workspace,
                      Stream stream);

void jacobian_transposed_product(const DevicePhysics& physics, int term, const Network<double>& network,
                                 const Points<double>& points, const double* rows, double* product, Workspace workspace,
                                 Stream stream);

}  // namespace residua::cuda
