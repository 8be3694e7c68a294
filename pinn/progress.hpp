#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace residua {

/// The part of a line of UTF-8 that fits into so many columns of one character each.
std::string_view cut(std::string_view line, int columns);

/// Tells how a long job goes: one line that rewrites itself on a terminal, cut to its width; plain key=value lines
/// elsewhere, at most one every ten seconds, so that programs can read them. Writes to stderr.
class Progress {
 public:
  enum class Mode { automatic, quiet };
  explicit Progress(Mode mode = Mode::automatic);

  /// `what` is the phase, `done` of `total` steps are over, `detail` tells what the phase has to say; it is called only
  /// when that is shown.
  void update(const std::string& what, std::int64_t done, std::int64_t total,
              const std::function<std::string()>& detail);
  /// Ends the line.
  void finish();

 private:
  using Clock = std::chrono::steady_clock;
  bool quiet_, terminal_, open_ = false;
  std::string phase_;
  Clock::time_point phase_start_{}, last_{};
  std::int64_t phase_first_ = 0;
};

}  // namespace residua
