// The factory of pinn/optimizers/device_adam.cpp on a GPU.
#include "kernels/cuda/adam_training.hpp"
#include "kernels/cuda/graph_device.hpp"

namespace residua {
namespace {

struct Device : cuda::GraphDevice {
  template <class S>
  std::size_t workspace_bytes(TermId term, const MlpShape& shape, std::int64_t n) const {
    return cuda::workspace_bytes<S>(term, shape, n, true);
  }
  template <class S>
  void fused(TermId term, const Network<S>& network, const Points<S>& points, const FusedWeights<S>& weights,
             const FusedResult<S>& result, cuda::Workspace workspace) const {
    cuda::fused<S>(term, network, points, weights, result, workspace, stream());
  }
};

}  // namespace
}  // namespace residua

/// The caller deletes it.
extern "C" residua::cuda::AdamOnDevice* residua_adam_on_device(const residua::cuda::AdamPlan& plan, bool float64) {
  using namespace residua;
  if (float64) return new cuda::AdamTraining<double, Device>(plan);
  return new cuda::AdamTraining<float, Device>(plan);
}
