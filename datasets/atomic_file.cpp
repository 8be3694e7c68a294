#include "datasets/atomic_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/types.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <utility>

#include "datasets/open_file.hpp"
#include "kernels/core/error.hpp"

namespace residua {
namespace {

[[noreturn]] void fail(const std::filesystem::path& path, const char* what) {
  throw Error(fmt::format("{}: {} failed: {}", path.string(), what, std::strerror(errno)));
}

int open_for(const std::filesystem::path& path, int flags) { return open(path.c_str(), flags | O_CLOEXEC, 0666); }

void sync(const std::filesystem::path& path, int flags) {
  const Descriptor descriptor(open_for(path, flags));
  if (descriptor.id() < 0 || fsync(descriptor.id()) != 0) fail(path, "syncing");
}

}  // namespace

StagedFile::StagedFile(std::filesystem::path final_path) : final_path_(std::move(final_path)), path_(final_path_) {
  static std::atomic<unsigned> count{0};
  path_ += fmt::format(".{}.{}.part", getpid(), count++);
}

StagedFile::~StagedFile() { unlink(path_.c_str()); }

void StagedFile::commit() {
  sync(path_, O_RDONLY);
  if (std::rename(path_.c_str(), final_path_.c_str()) != 0) fail(final_path_, "renaming");
  sync(final_path_.has_parent_path() ? final_path_.parent_path() : ".", O_RDONLY | O_DIRECTORY);
}

void write_file(const std::filesystem::path& path, std::span<const std::byte> bytes) {
  StagedFile staged(path);
  {
    const Descriptor file(open_for(staged.path(), O_WRONLY | O_CREAT | O_EXCL));
    if (file.id() < 0) fail(path, "creating a file beside it");
    if (!write_all(file, bytes)) fail(path, "writing");
  }
  staged.commit();
}

void write_file(const std::filesystem::path& path, std::string_view text) {
  write_file(path, std::as_bytes(std::span(text)));
}

}  // namespace residua
