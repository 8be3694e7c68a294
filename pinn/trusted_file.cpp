#include "pinn/trusted_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

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

/// An open file, closed when it goes out of scope.
class Descriptor {
 public:
  explicit Descriptor(const fs::path& path) : number_(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
    if (number_ < 0) fail(path, "cannot be read");
  }
  Descriptor(const Descriptor&) = delete;
  ~Descriptor() { close(number_); }
  int number() const { return number_; }

 private:
  int number_;
};

}  // namespace

std::string read_trusted(const fs::path& path, std::size_t most) {
  const Descriptor file(path);
  struct stat found;
  if (fstat(file.number(), &found) != 0) fail(path, "cannot be looked at");
  if (!S_ISREG(found.st_mode)) throw Error(fmt::format("{}: expected a regular file", path.string()));
  expect_trusted(path, found);
  expect_trusted_folder(fs::absolute(path).parent_path());
  // One byte more than there should be, which shows a file that grows.
  std::string text(std::min(std::size_t(found.st_size), most) + 1, '\0');
  std::size_t size = 0;
  for (ssize_t n = 1; n > 0 && size < text.size(); size += std::size_t(n)) {
    n = read(file.number(), &text[size], text.size() - size);
    if (n < 0) fail(path, "cannot be read");
  }
  if (size > most) throw Error(fmt::format("{}: expected at most {} bytes, found more", path.string(), most));
  text.resize(size);
  return text;
}

void make_private_folder(const fs::path& path) {
  std::error_code failed;
  fs::create_directories(path.parent_path(), failed);
  if (mkdir(path.c_str(), S_IRWXU) != 0 && errno != EEXIST) fail(path, "cannot be made");
  expect_trusted_folder(path);
}

}  // namespace residua
