#include "pinn/progress.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>

namespace residua {
namespace {

/// Of the terminal, which may change its size at any time; the usual number where it does not say.
int columns_of_terminal() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

}  // namespace

std::string_view cut(std::string_view line, int columns) {
  for (std::size_t i = 0; i < line.size(); ++i) {
    const bool begins_character = (static_cast<unsigned char>(line[i]) & 0xC0) != 0x80;
    if (begins_character && columns-- <= 0) return line.substr(0, i);
  }
  return line;
}

Progress::Progress(Mode mode) : quiet_(mode == Mode::quiet), terminal_(isatty(STDERR_FILENO) != 0) {}

void Progress::update(const std::string& what, std::int64_t done, std::int64_t total,
                      const std::function<std::string()>& detail) {
  if (quiet_) return;
  const auto now = Clock::now();
  if (what != phase_) {
    finish();
    phase_ = what;
    phase_start_ = now;
    phase_first_ = done;
    last_ = {};
  }
  const auto pause = terminal_ ? std::chrono::milliseconds(200) : std::chrono::milliseconds(10000);
  if (now - last_ < pause && done < total) return;
  last_ = now;
  const double elapsed = std::chrono::duration<double>(now - phase_start_).count();
  const std::int64_t steps = done - phase_first_;
  const int left = steps > 0 ? int(elapsed / double(steps) * double(total - done)) : 0;
  if (terminal_) {
    constexpr int kWidth = 24;
    const int filled = total > 0 ? int(kWidth * done / total) : kWidth;
    const std::string line = fmt::format("{} [{:#<{}}{:.<{}}] {}/{} ETA {:02}:{:02}  {}", what, "", filled, "",
                                         kWidth - filled, done, total, left / 60, left % 60, detail());
    // A line that wraps cannot be rewritten. Some terminals wrap as soon as the last column is taken.
    fmt::print(stderr, "\r\033[K{}", cut(line, columns_of_terminal() - 1));
    open_ = true;
  } else {
    fmt::print(stderr, "phase={} step={} of={} seconds={:.1f} eta_seconds={} {}\n", what, done, total, elapsed, left,
               detail());
  }
  std::fflush(stderr);
}

void Progress::finish() {
  if (open_) fmt::print(stderr, "\n");
  open_ = false;
}

}  // namespace residua
