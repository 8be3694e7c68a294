#pragma once
#include <string>

#include "pinn/problem.hpp"
#include "pinn/run_file.hpp"

namespace residua {

/// A run in full, as its file and all defaults say: what `residua train --dry-run` prints, and the log and the report
/// of a run hold.
std::string describe(const RunFile& run, const Problem& problem);

/// The program and the machine: version, host, processor, threads, instruction set.
std::string describe_environment();

}  // namespace residua
