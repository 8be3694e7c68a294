#pragma once
#include <memory>

#include "kernels/cuda/adam_training.hpp"
#include "pinn/optimizers/optimizer.hpp"

namespace residua {

/// Adam on fresh points every so many steps, all of it on a GPU: the host only looks now and then. The points are those
/// of Adam on the CPU where they are quasi-random; with `sampling = "uniform"`, and in what `adaptive` chooses, they
/// are others, as random.
class DeviceAdam : public Optimizer {
 public:
  /// Whether a stage can train so: the weights of terms and points may not change within it. `processes` and `seam`:
  /// several processes train together; the network starts from that of a window before.
  static bool serves(const RunFile& run, const Stage& stage, bool processes, bool seam);
  /// What the device is to do for the terms of an objective. `first_batch`: of the sequences that the stage draws from.
  static cuda::AdamPlan plan(const Objective& objective, const Stage& stage, std::int64_t first_batch);

  /// On a device that was given the plan.
  DeviceAdam(cuda::AdamPlan plan, std::int64_t first_batch, std::unique_ptr<cuda::AdamOnDevice> device);

  bool draws_points() const override { return true; }
  Advance step(Objective& objective, at::Tensor& weights, double progress) override;
  void save(OutputArchive& archive) override;
  void load(InputArchive& archive) override;

 private:
  std::vector<std::vector<double>> shifts(const Objective& objective, std::int64_t turns) const;
  void hand_over_points(Objective& objective) const;

  cuda::AdamPlan plan_;
  std::int64_t first_batch_;
  std::unique_ptr<cuda::AdamOnDevice> device_;
  cuda::AdamState state_;   ///< without the weights
  std::int64_t turns_ = 1;  ///< of the next call: about as many as fit into a twentieth of a second
};

/// That of the GPU that ops::use_cuda() found.
std::unique_ptr<Optimizer> make_device_adam(const Objective& objective, const Stage& stage, std::int64_t first_batch);

}  // namespace residua
