// A part of libresidua_ops_cuda.so: torch_cuda, in which NCCL's process group is, is loaded by that library alone.
#include "pinn/nccl.hpp"

#include <cstdlib>
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>

extern "C" c10d::Backend* residua_make_nccl_group(const c10::intrusive_ptr<c10d::Store>& store, int rank, int size,
                                                  std::chrono::milliseconds silence) {
  // Else waiting would only queue the exchange, and a lost process would end this one without a word of its own.
  ::setenv("TORCH_NCCL_BLOCKING_WAIT", "1", 0);
  const auto options = c10d::ProcessGroupNCCL::Options::create();
  options->timeout = silence;
  return c10::make_intrusive<c10d::ProcessGroupNCCL>(store, rank, size, options).release();
}
static_assert(std::is_same_v<decltype(residua_make_nccl_group), residua::MakeNcclGroup>);
