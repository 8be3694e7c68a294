#pragma once
#include <filesystem>
#include <string_view>

#include "datasets/open_file.hpp"

namespace residua {

/// The log of a run: lines of text, each with the time (UTC), appended and on their way to the disk at once. As long as
/// it lives, no other one can open the same file: two trainings in one folder would spoil each other.
class RunLog {
 public:
  /// Throws Error if the file cannot be opened or is held by another program.
  explicit RunLog(const std::filesystem::path& path);

  /// Text of one or more lines. A full disk is no reason to end a training: what cannot be written is left out, and
  /// stderr told so the first time.
  void add(std::string_view text);

 private:
  std::filesystem::path path_;
  Descriptor file_;
  bool told_ = false;  ///< that something is missing
};

}  // namespace residua
