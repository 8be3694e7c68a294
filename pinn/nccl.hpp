#pragma once
#include <chrono>
#include <torch/csrc/distributed/c10d/Backend.hpp>
#include <torch/csrc/distributed/c10d/Store.hpp>

namespace residua {

/// What libresidua_ops_cuda.so has under the name kMakeNcclGroup, if it was built with NCCL: a new process group, whose
/// one reference is the caller's. Waiting for it ends with an exception after `silence`.
using MakeNcclGroup = c10d::Backend*(const c10::intrusive_ptr<c10d::Store>& store, int rank, int size,
                                     std::chrono::milliseconds silence);
inline constexpr const char* kMakeNcclGroup = "residua_make_nccl_group";

}  // namespace residua
