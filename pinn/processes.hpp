#pragma once
#include <span>

namespace residua {

/// The processes that train one network together. Each has all weights and draws the same points; each evaluates its
/// share of them, and what they add up to is then the same, to the bit, in all. So all take the same steps, and
/// whatever decides (whether to accept a step, to stop, to write a checkpoint) needs no talk. Calls block until all
/// processes have made them; not to be shared between threads.
class Processes {
 public:
  virtual ~Processes() = default;

  virtual int rank() const = 0;  ///< 0: the one that writes files and talks to the user
  virtual int size() const = 0;
  /// Each value becomes its sum over all processes. Throws Error if one of them is lost.
  virtual void sum(std::span<double> values) = 0;
};

}  // namespace residua
