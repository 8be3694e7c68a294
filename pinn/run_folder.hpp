#pragma once
#include <filesystem>

namespace residua {

/// Where a training run keeps what: everything lies in one folder.
class RunFolder {
 public:
  explicit RunFolder(std::filesystem::path path) : path_(std::move(path)) {}

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path run_file() const { return path_ / "run.toml"; }
  std::filesystem::path physics() const { return path_ / "physics.hpp"; }  ///< a copy of the user's header
  std::filesystem::path log() const { return path_ / "log.txt"; }
  std::filesystem::path metrics() const { return path_ / "metrics.csv"; }
  std::filesystem::path checkpoint() const { return path_ / "checkpoint.pt"; }
  std::filesystem::path previous_checkpoint() const { return path_ / "checkpoint.previous.pt"; }
  std::filesystem::path surrogate() const { return path_ / "surrogate.h5"; }
  std::filesystem::path plots() const { return path_ / "plots"; }
  std::filesystem::path report() const { return path_ / "report.html"; }

 private:
  std::filesystem::path path_;
};

}  // namespace residua
