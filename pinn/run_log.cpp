#include "pinn/run_log.hpp"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <span>
#include <string>

#include "kernels/core/error.hpp"

namespace residua {
RunLog::RunLog(const std::filesystem::path& path)
    : path_(path), file_(open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666)) {
  if (file_.id() < 0) throw Error(fmt::format("{}: cannot be written: {}", path.string(), std::strerror(errno)));
  if (flock(file_.id(), LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return;  // some file systems have no locks
  throw Error(fmt::format("{}: another training is at work in this folder: expected one at a time", path.string()));
}

void RunLog::add(std::string_view text) {
  const auto now = std::chrono::time_point_cast<std::chrono::seconds>(std::chrono::system_clock::now());
  std::string lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (end > 0) lines += fmt::format("{:%Y-%m-%dT%H:%M:%SZ} {}\n", fmt::gmtime(now), text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (write_all(file_, std::as_bytes(std::span(lines))) || told_) return;
  told_ = true;
  const char* why = std::strerror(errno);
  const char* below = isatty(STDERR_FILENO) ? "\n" : "";  // a line of progress that may be open there
  fmt::print(stderr, "{}residua: {}: the log is not complete: writing failed: {}\n", below, path_.string(), why);
}

}  // namespace residua
