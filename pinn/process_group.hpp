#pragma once
#include <memory>

#include "pinn/process_place.hpp"
#include "pinn/processes.hpp"

namespace residua {

/// Joins the processes that were started together, over LibTorch's process groups: NCCL between GPUs where `cuda`, if
/// the build found NCCL, else Gloo (TCP). Returns when all are there. Throws Error if they do not meet within two
/// minutes. A process that is lost later shows in sum(), at once if its connection breaks, after five minutes if it
/// only falls silent.
std::unique_ptr<Processes> join(const ProcessPlace& place, bool cuda);

}  // namespace residua
