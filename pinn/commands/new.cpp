#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>

#include "datasets/atomic_file.hpp"
#include "kernels/core/error.hpp"
#include "pinn/commands/commands.hpp"
#include "pinn/commands/own_physics.hpp"
#include "pinn/preset.hpp"

namespace residua::commands {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string kind, physics, out;
  bool force = false;
};

std::vector<std::string> kinds() {
  std::vector<std::string> names;
  for (const Preset& preset : presets()) names.emplace_back(preset.name);
  names.emplace_back("custom");
  return names;
}

std::string text_of(const Options& o) {
  if (o.kind == "custom") {
    if (o.physics.empty()) throw Error("new custom: expected --physics NAME, a name from residua list or a header");
    return custom_run_file(find_physics(o.physics));
  }
  if (!o.physics.empty()) throw Error(fmt::format("new {}: expected no --physics, which is for custom", o.kind));
  for (const Preset& preset : presets())
    if (preset.name == o.kind) return std::string(preset.text);
  throw Error(fmt::format("new: expected one of {}, found {}", fmt::join(kinds(), ", "), o.kind));
}

void new_command(Options o) {
  std::string header;
  if (o.physics.ends_with(".hpp")) {
    header = fmt::format(" --physics {}", o.physics);
    o.physics = use_physics(o.physics).front();
  }
  const std::string text = text_of(o);
  const fs::path file = o.out.empty() ? fs::path((o.physics.empty() ? o.kind : o.physics) + ".toml") : fs::path(o.out);
  if (fs::exists(file) && !o.force)
    throw Error(fmt::format("{}: exists already: expected another --out, or --force to replace it", file.string()));
  write_file(file, text);
  fmt::print("wrote {}; next: residua train {}{} --dry-run\n", file.string(), file.string(), header);
}

}  // namespace

void add_new(CLI::App& app) {
  auto* command = app.add_subcommand("new", "write a commented run file to start from");
  auto o = std::make_shared<Options>();
  command->add_option("kind", o->kind, "a preset, or custom for any physics")
      ->required()
      ->check(CLI::IsMember(kinds()));
  command->add_option("--physics", o->physics,
                      "of custom: a name from residua list, or a header with a physics of your own");
  command->add_option("-o,--out", o->out, "the file (default: the kind or physics, with .toml)");
  command->add_flag("--force", o->force, "replace a file that exists");
  command->callback([o] { new_command(*o); });
}

}  // namespace residua::commands
