#pragma once
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "pinn/problem.hpp"
#include "pinn/processes.hpp"
#include "pinn/progress.hpp"
#include "pinn/run_file.hpp"
#include "surrogates/card.hpp"

namespace residua {

class UserPhysics;

struct TrainOptions {
  std::filesystem::path folder;  ///< where checkpoints and metrics go (pinn/run_folder.hpp); empty: none are written
  bool resume = false;           ///< continue from the checkpoint in the folder, bit for bit on the CPU
  Progress progress;
  /// Stop after this many steps in all, or the few more that an optimizer takes at once, leaving a checkpoint.
  /// Negative: run to the end.
  std::int64_t stop_after = -1;
  /// Evaluate the kernels on the GPU. Adam on points that nothing else depends on trains there as a whole, several
  /// steps at a time; other optimizers stay on the CPU.
  bool cuda = false;
  bool changed = false;  ///< resume although the run file is another one, if it is so in its stages' settings only
  std::function<void(const std::string&)> log{};  ///< told of stages and checkpoints, if given
  std::function<bool()> interrupted{};            ///< asked after every step: true stops as stop_after does
  /// Called by the first process once a new training can begin, before anything is written into the folder.
  std::function<void()> begins{};
  const UserPhysics* own = nullptr;  ///< where the physics comes from, if it is not the toolkit's
  Processes* processes = nullptr;    ///< that train together; folder, progress and log are used by the first one only
};

/// Mean square residual of one equation of one term at the end of training.
struct TermLoss {
  std::string term;
  int equation;
  double mean_square;
};

struct TrainResult {
  std::vector<double> weights;  ///< [member][window of time][parameters]
  std::vector<TermLoss> losses;
  /// Thinned to a few hundred points. The loss as the optimizer sees it, but without the balance of terms; causal
  /// weights are in it.
  std::vector<LossPoint> history;
  /// Sum over terms of the run file's weight times mean square residual, at the last weights and points. Neither
  /// balance nor causal weights are in it, so that runs which differ in those compare.
  double loss = 0;
  double seconds = 0;       ///< of training, over all resumed parts
  std::int64_t steps = 0;   ///< of the schedule; those count that an optimizer left out when it could go no further
  std::string stop_reason;  ///< why the last optimizer went no further, or that it had no more steps to go
  bool finished = false;    ///< all stages are over; otherwise there is a checkpoint to go on from
};

/// Trains the network of a problem, stage by stage of the run file, window by window of time if it marches, and member
/// by member of an ensemble. Throws Error for a loss that is not finite (naming the term and the point), for
/// checkpoints that do not belong to the run, and when the disk refuses; the last good checkpoint stays where it is.
TrainResult train(const RunFile& run, const Problem& problem, const TrainOptions& options);

}  // namespace residua
