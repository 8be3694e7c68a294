#pragma once
#include <string>
#include <vector>

#include "pinn/run_folder.hpp"

namespace residua {

/// A picture of a run: panels for save_panels().
struct RunPicture {
  std::string name;     ///< of its file, without ending
  std::string caption;  ///< a sentence or two on what it shows
  std::vector<std::string> panels;
};

/// What there is to see of a run so far: the loss by term and the points in use; once there is a surrogate, slices
/// against the reference and where the errors are, for each output, the residual, and how the errors lie in the
/// envelope. Throws Error if the folder holds no run.
std::vector<RunPicture> pictures_of(const RunFolder& folder);

}  // namespace residua
