#pragma once
#include <ATen/core/Tensor.h>

#include <filesystem>
#include <string>
#include <vector>

namespace torch::optim {
class Optimizer;
}

namespace residua {

/// Everything that training needs to go on bit for bit.
struct TrainState {
  at::Tensor weights;            ///< flat, float64
  std::int64_t phase = 0;        ///< 0 Adam, 1 L-BFGS
  std::int64_t step = 0;         ///< within the phase
  std::int64_t points_from = 0;  ///< position in the point sequences where the points in use begin, in batches
  double seconds = 0;            ///< of training so far
  std::string run;               ///< text of the run file it belongs to
};

/// Writes state and optimizer to `path`, all or nothing. Throws Error if the disk refuses.
void save_checkpoint(const std::filesystem::path& path, const TrainState& state, torch::optim::Optimizer& optimizer);

/// Reads what save_checkpoint wrote; the optimizer is filled by `load_optimizer` afterwards, once its kind is known.
/// Throws Error for a file that is missing, cut off or not a checkpoint.
TrainState load_checkpoint(const std::filesystem::path& path);
void load_optimizer(const std::filesystem::path& path, torch::optim::Optimizer& optimizer);

}  // namespace residua
