#pragma once
#include "kernels/core/host_device.hpp"

namespace residua::cuda {

/// Threads of a block, and the lanes of a warp, for all kernels that are written in phases.
inline constexpr int kThreads = 256;
inline constexpr int kLanes = 32;
inline constexpr int kWarps = kThreads / kLanes;
/// Threads of a warp group: the four warps that multiply together on a GPU of compute capability 9.0 (wgmma.hpp).
inline constexpr int kGroupThreads = 128;
inline constexpr int kWarpGroups = kThreads / kGroupThreads;

// The body of a kernel is a sequence of phases, `block.run([&](int thread) {...})`. Within a phase no thread may read
// what another one writes; whatever outlives a phase lies in storage that is passed in from outside. That is what lets
// the same body run on a GPU and, block after block, on the host, where its arithmetic can be tested without a device.

/// The calling thread of a block on the device: a phase ends when all threads of the block have come through.
struct DeviceBlock {
  template <class Phase>
  RESIDUA_HD void run(Phase&& phase) const {
#ifdef __CUDA_ARCH__
    // Read anew in every phase: what follows from it would otherwise be kept in registers from one phase to the next.
    int thread;
    asm volatile("mov.u32 %0, %%tid.x;" : "=r"(thread));
    phase(thread);
    __syncthreads();
#else
    (void)phase;
#endif
  }
  /// phase(warp), for bodies whose lanes work together (for_lanes() of mma.hpp).
  template <class Phase>
  RESIDUA_HD void run_warps(Phase&& phase) const {
    run([&](int thread) { phase(thread / kLanes); });
  }
  /// phase(warp group), likewise.
  template <class Phase>
  RESIDUA_HD void run_groups(Phase&& phase) const {
    run([&](int thread) { phase(thread / kGroupThreads); });
  }
};

/// A block on the host: a phase is a loop over its threads. The order of the threads must not matter; tests try both.
struct HostBlock {
  bool backward = false;

  template <class Phase>
  RESIDUA_HD void run(Phase&& phase) const {
    for (int k = 0; k < kThreads; ++k) phase(backward ? kThreads - 1 - k : k);
  }
  template <class Phase>
  RESIDUA_HD void run_warps(Phase&& phase) const {
    for (int k = 0; k < kWarps; ++k) phase(backward ? kWarps - 1 - k : k);
  }
  template <class Phase>
  RESIDUA_HD void run_groups(Phase&& phase) const {
    for (int k = 0; k < kWarpGroups; ++k) phase(backward ? kWarpGroups - 1 - k : k);
  }
};

}  // namespace residua::cuda
