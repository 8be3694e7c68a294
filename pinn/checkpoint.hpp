#pragma once
#include <ATen/core/Tensor.h>

#include <filesystem>
#include <future>
#include <string>
#include <vector>

#include "surrogates/card.hpp"

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
  std::string stop_reason;         ///< of the stage's last step (Advance::stop); empty: it went on
  std::vector<at::Tensor> points;  ///< in use, see Objective::points()
  double seconds = 0;              ///< of training so far
  std::vector<LossPoint> history;  ///< of the loss, thinned out
  std::string run;                 ///< text of the run file it belongs to
};

/// The content of a checkpoint file, but for its check sum.
std::string serialise(const TrainState& state, const Weighting& weighting, Optimizer& optimizer);

/// Writes checkpoints to `path` beside the training, each all or nothing; the one before stays as
/// previous_checkpoint(path). What the disk refuses is thrown, as Error, by the next call. Not to be shared between
/// threads.
class CheckpointWriter {
 public:
  explicit CheckpointWriter(std::filesystem::path path) : path_(std::move(path)) {}

  /// Begins to write, once the one before is on the disk.
  void write(std::string content);
  /// Throws if the disk has refused; does not wait.
  void check();
  /// Waits for the last one.
  void finish();

 private:
  std::filesystem::path path_;
  std::future<void> pending_;
};

std::filesystem::path previous_checkpoint(const std::filesystem::path& path);

/// Reads what serialise() made; weighting and optimizer are filled afterwards, once their kinds are known.
/// Throws Error for a file that is missing, cut off or not a checkpoint.
TrainState load_checkpoint(const std::filesystem::path& path);
void load_weighting(const std::filesystem::path& path, Weighting& weighting);
void load_optimizer(const std::filesystem::path& path, Optimizer& optimizer);

}  // namespace residua
