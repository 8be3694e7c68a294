#pragma once
#include <optional>
#include <string>

#include "pinn/run_file.hpp"

namespace residua {

/// The condition of the physics that parameters of a run's envelope break together, and where they do: the corners of
/// the envelope are asked. Nothing if they break none.
std::optional<std::string> broken_condition(const PhysicsInfo& physics, const RunFile& run);

}  // namespace residua
