#pragma once
#include <ATen/core/Tensor.h>
#include <torch/serialize/archive.h>

#include <filesystem>
#include <string>
#include <vector>

namespace residua {

class Optimizer;
class Weighting;

/// Everything that training needs to go on bit for bit, but for the own states of optimizer and weighting.
struct TrainState {
  at::Tensor weights;              ///< flat, float64
  std::int64_t part = 0;           ///< member * windows of time + window
  at::Tensor finished;             ///< [part][parameters]: the networks of the parts before
  std::int64_t stage = 0;          ///< of the run file, within the part
  std::int64_t step = 0;           ///< within the stage
  std::int64_t steps_before = 0;   ///< in the stages that are over, of all parts so far
  std::int64_t draw = -1;          ///< of points, within the stage
  std::vector<at::Tensor> points;  ///< in use, see Objective::points()
  double seconds = 0;              ///< of training so far
  std::string run;                 ///< text of the run file it belongs to
};

/// Writes all of it to `path`, all or nothing. Throws Error if the disk refuses.
void save_checkpoint(const std::filesystem::path& path, const TrainState& state, const Weighting& weighting,
                     Optimizer& optimizer);

/// Reads what save_checkpoint wrote; weighting and optimizer are filled afterwards, once their kinds are known.
/// Throws Error for a file that is missing, cut off or not a checkpoint.
TrainState load_checkpoint(const std::filesystem::path& path);
void load_weighting(const std::filesystem::path& path, Weighting& weighting);
void load_optimizer(const std::filesystem::path& path, Optimizer& optimizer);

}  // namespace residua
