#include "pinn/commands/own_physics.hpp"

#include <stdlib.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <optional>

namespace residua::commands {
namespace {

constexpr const char* kVariable = "RESIDUA_PHYSICS";

struct Used {
  std::optional<UserPhysics> header;
  std::vector<std::string> names;
};

Used& used() {
  static Used once;
  return once;
}

}  // namespace

void add_physics_option(CLI::App& app) {
  app.add_option_function<std::string>(
         "--physics", [](const std::string& header) { use_physics(header); },
         "a header with physics of your own (docs/adding_a_pde.md), before or behind the command")
      ->envname(kVariable)
      ->type_name("HEADER");
  app.fallthrough();  // which commands inherit, so that the option may stand behind them
}

std::vector<std::string> use_physics(const std::filesystem::path& header) {
  Used& now = used();
  now.header.emplace(std::filesystem::absolute(header).lexically_normal());
  now.names = now.header->add();
  ::setenv(kVariable, now.header->header().c_str(), 1);
  return now.names;
}

const UserPhysics* header_of(std::string_view physics) {
  return std::ranges::find(used().names, physics) == used().names.end() ? nullptr : &*used().header;
}

}  // namespace residua::commands
