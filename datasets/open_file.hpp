#pragma once
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <span>
#include <utility>
#include <vector>

#include "kernels/core/error.hpp"

namespace residua {

/// A file descriptor, closed when its owner goes unless it is negative.
class Descriptor {
 public:
  explicit Descriptor(int id) : id_(id) {}
  Descriptor(Descriptor&& other) noexcept : id_(std::exchange(other.id_, -1)) {}
  ~Descriptor() {
    if (id_ >= 0) close(id_);
  }
  int id() const { return id_; }

 private:
  int id_;
};

/// The first `size` bytes of an open file. Throws Error, which names `path`, if there are fewer.
inline std::vector<std::byte> read_bytes_of(const Descriptor& file, std::size_t size,
                                            const std::filesystem::path& path) {
  std::vector<std::byte> bytes(size);
  std::size_t done = 0;
  while (done < size) {
    const ssize_t count = read(file.id(), bytes.data() + done, size - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw Error(fmt::format("{}: reading failed: {}", path.string(), std::strerror(errno)));
    if (count == 0) throw Error(fmt::format("{}: became shorter while it was read", path.string()));
    done += std::size_t(count);
  }
  return bytes;
}

/// Writes all bytes to an open file. Whether they arrived; otherwise errno says why not.
inline bool write_all(const Descriptor& file, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t count = write(file.id(), bytes.data(), bytes.size());
    if (count < 0 && errno != EINTR) return false;
    bytes = bytes.subspan(std::size_t(std::max<ssize_t>(count, 0)));
  }
  return true;
}

}  // namespace residua
