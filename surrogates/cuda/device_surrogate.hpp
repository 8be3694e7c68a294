#pragma once
#include <cstddef>
#include <filesystem>
#include <memory>

#include "surrogates/card.hpp"
#include "surrogates/surrogate.hpp"
#include "surrogates/trust.hpp"

struct CUstream_st;

namespace residua {

/// A surrogate on a GPU: batches from device memory to device memory, in plant units and in the precision of the file.
/// For many thousands of points at a time; single points are faster on the CPU (Surrogate). Answers differ from the
/// CPU's in the last digits. Immutable once made and shared freely between threads and streams, each call with a
/// workspace of its own.
class [[gnu::visibility("default")]] DeviceSurrogate {
 public:
  /// Reads and checks the file as Surrogate does, copies it to the current device, and runs its self-test there too.
  /// Throws Error if there is no device that can run the kernels, for a surrogate with a branch, or if the device
  /// answers otherwise than recorded.
  explicit DeviceSurrogate(const std::filesystem::path& file, const LoadOptions& options = {});
  DeviceSurrogate(DeviceSurrogate &&) noexcept;
  DeviceSurrogate& operator=(DeviceSurrogate&&) noexcept;
  ~DeviceSurrogate();

  const Card& card() const noexcept;

  /// Bytes of device memory that a batch of n points needs; they grow with n.
  std::size_t workspace_bytes(std::size_t n) const;

  /// Queues n points on `stream` (a cudaStream_t; null: the default stream) of the device where this was made:
  /// in[input][n] to out[output][n], and the status of each point if `each` [n] is not null. All pointers are device
  /// pointers; the workspace, aligned to 256 bytes, may be used anew once the stream has got past the call, which
  /// neither allocates nor waits and so may be captured into a CUDA graph. Throws Error if `bytes` is less than
  /// workspace_bytes(n), and for what CUDA reports at a launch.
  void predict(std::size_t n, const float* in, float* out, Status* each, void* workspace, std::size_t bytes,
               CUstream_st* stream) const;
  void predict(std::size_t n, const double* in, double* out, Status* each, void* workspace, std::size_t bytes,
               CUstream_st* stream) const;

 private:
  struct Impl;
  std::unique_ptr<const Impl> impl_;
};

}  // namespace residua
