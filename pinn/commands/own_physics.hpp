#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "pinn/user_physics.hpp"

namespace CLI {
class App;
}

namespace residua::commands {

/// The option --physics of the whole program: a header with physics of the user's own, which any command then knows.
void add_physics_option(CLI::App& app);

/// Compiles the physics of a header and adds them; the processes that this one starts do so too. Returns their names.
std::vector<std::string> use_physics(const std::filesystem::path& header);

/// Where a physics comes from; null: from the toolkit.
const UserPhysics* header_of(std::string_view physics);

}  // namespace residua::commands
