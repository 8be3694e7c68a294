#pragma once
#include <cstdint>
#include <span>

#include "pinn/processes.hpp"

namespace residua {

/// How several processes that train together agree on when to stop: interrupting one stops all, after the same step;
/// and all must still have the same weights then. To ask takes as long as a small step, so they do it some four times a
/// second only, by the mean of their clocks, for all to agree on the step at which they ask again.
class Agreement {
 public:
  explicit Agreement(Processes& processes) : processes_(processes) {}

  /// A stage begins with this step: the next question comes at once, and what is known of the pace is forgotten.
  void begin_stage(std::int64_t step);
  /// Whether one of the processes was interrupted: the same in all of them, that call it after the same steps.
  /// `interrupted` is of this one, `seconds` its clock. Throws Error in all of them if their weights differ.
  bool stopped(std::int64_t step, bool interrupted, double seconds, std::span<const double> weights);

 private:
  void ask(std::int64_t step, bool interrupted, double seconds, std::span<const double> weights);

  Processes& processes_;
  bool interrupted_ = false;  ///< one of them
  std::int64_t asked_ = 0, next_ = 0;
  double asked_at_ = -1;  ///< by the mean of their clocks; negative: not yet in this stage, whose pace is its own
};

}  // namespace residua
