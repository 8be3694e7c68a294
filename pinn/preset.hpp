#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "kernels/catalog.hpp"

namespace residua {

/// A commented run file to start from.
struct Preset {
  std::string_view name, text;
};

/// Those of configs/ that are worth starting from, as they were when the program was built.
const std::vector<Preset>& presets();

/// A run file for any physics: every coordinate and parameter with its unit, meaning and default, every term of the
/// loss, and the stages that work for most.
std::string custom_run_file(const PhysicsInfo& physics);

}  // namespace residua
