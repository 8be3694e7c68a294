// The factory of pinn/optimizers/device_adam.cpp on a GPU.
#include "kernels/cuda/adam_training.hpp"
#include "kernels/cuda/graph_device.hpp"

/// The caller deletes it.
extern "C" residua::cuda::AdamOnDevice* residua_adam_on_device(const residua::cuda::AdamPlan& plan, bool float64) {
  using namespace residua;
  if (float64) return new cuda::AdamTraining<double, cuda::RegistryDevice>(plan);
  return new cuda::AdamTraining<float, cuda::RegistryDevice>(plan);
}
