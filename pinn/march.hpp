#pragma once
#include <vector>

#include "pinn/problem.hpp"
#include "pinn/run_file.hpp"

namespace residua {

/// The problem of each window: that of the run over its share of the time, whose network inputs are shifted and scaled
/// for that share. The problem itself if the run does not march.
std::vector<Problem> windows_of(const RunFile& run, const Problem& problem);

}  // namespace residua
