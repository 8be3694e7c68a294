#pragma once
#include <cstddef>
#include <filesystem>
#include <span>
#include <string_view>

namespace residua {

/// A file that is written beside its final place and moved there once complete: a reader sees the old file or the new
/// one, also after a power cut. Goes away with this object unless committed.
class StagedFile {
 public:
  explicit StagedFile(std::filesystem::path final_path);
  StagedFile(const StagedFile&) = delete;
  StagedFile& operator=(const StagedFile&) = delete;
  ~StagedFile();

  /// Where to write. Nothing is there yet.
  const std::filesystem::path& path() const { return path_; }

  /// Syncs what was written to disk, renames it, and syncs the folder. Throws Error if the disk refuses.
  void commit();

 private:
  std::filesystem::path final_path_, path_;
};

/// Writes a whole file that way.
void write_file(const std::filesystem::path& path, std::span<const std::byte> bytes);
void write_file(const std::filesystem::path& path, std::string_view text);

}  // namespace residua
