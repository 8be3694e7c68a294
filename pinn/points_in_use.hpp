#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "pinn/problem.hpp"

namespace residua {

/// The points at which a term of the loss is evaluated now.
struct TermPoints {
  std::string term;
  Samples samples;
};

/// The points that the last checkpoint of a run was written with, in the order of the physics' terms; of a run with
/// several members or windows of time, those of the one it was at. Throws Error if the checkpoint cannot be read or
/// does not fit the run file.
std::vector<TermPoints> points_in_use(const std::filesystem::path& checkpoint, const RunFile& run);

}  // namespace residua
