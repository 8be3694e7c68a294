#include "pinn/trusted_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "datasets/open_file.hpp"
#include "kernels/core/error.hpp"

namespace residua {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kOthersWrite = S_IWGRP | S_IWOTH;

[[noreturn]] void fail(const fs::path& path, const char* what) {
  throw Error(fmt::format("{}: {}: {}", path.string(), what, std::strerror(errno)));
}

void expect_trusted(const fs::path& path, const struct stat& found) {
  if (found.st_uid != geteuid() && found.st_uid != 0)
    throw Error(
        fmt::format("{}: belongs to another user (number {}): expected one's own, since it runs as part of "
                    "this program",
                    path.string(), found.st_uid));
  // In a folder such as /tmp anybody may add a file, but only the owner of one may replace it.
  const bool sticky = S_ISDIR(found.st_mode) && (found.st_mode & S_ISVTX);
  if ((found.st_mode & kOthersWrite) && !sticky)
    throw Error(
        fmt::format("{}: others may write it (mode {:o}): expected that only its owner may, since it runs as "
                    "part of this program; chmod go-w",
                    path.string(), found.st_mode & 07777));
}

void expect_trusted_folder(const fs::path& path) {
  struct stat found;
  if (stat(path.c_str(), &found) != 0) fail(path, "cannot be looked at");
  expect_trusted(path, found);
}

}  // namespace

std::string read_trusted(const fs::path& path, std::size_t most) {
  // Not blocking, so that a pipe is refused instead of waited for.
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.id() < 0) fail(path, "cannot be read");
  struct stat found;
  if (fstat(file.id(), &found) != 0) fail(path, "cannot be looked at");
  if (!S_ISREG(found.st_mode)) throw Error(fmt::format("{}: expected a regular file", path.string()));
  expect_trusted(path, found);
  expect_trusted_folder(fs::absolute(path).parent_path());
  if (std::size_t(found.st_size) > most)
    throw Error(fmt::format("{}: expected at most {} bytes, found {}", path.string(), most, found.st_size));
  const std::vector<std::byte> bytes = read_bytes_of(file, std::size_t(found.st_size), path);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

void make_private_folder(const fs::path& path) {
  std::error_code failed;
  fs::create_directories(path.parent_path(), failed);
  if (mkdir(path.c_str(), S_IRWXU) != 0 && errno != EEXIST) fail(path, "cannot be made");
  expect_trusted_folder(path);
}

}  // namespace residua
