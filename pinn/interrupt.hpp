#pragma once

namespace residua {

/// While one lives, the first SIGINT or SIGTERM is only noted, for a long job to end in good order; a second one ends
/// the program at once. One at a time.
class InterruptGuard {
 public:
  InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;
  ~InterruptGuard();

  /// The signal that came, or 0.
  static int signal();
};

}  // namespace residua
