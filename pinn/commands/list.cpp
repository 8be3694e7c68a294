#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "kernels/catalog.hpp"
#include "kernels/fused.hpp"
#include "pinn/commands/commands.hpp"

namespace residua::commands {
namespace {

void print_table(const char* title, std::span<const Quantity> table) {
  fmt::print("\n{}\n  {:<24} {:<16} {:>12} {:>12} {:>12}  meaning\n", title, "name", "unit", "default", "from", "to");
  for (const Quantity& q : table)
    fmt::print("  {:<24} {:<16} {:>12.6g} {:>12.6g} {:>12.6g}  {}\n", q.name, q.unit, q.value, q.lower, q.upper,
               q.meaning);
}

void print_physics(const PhysicsInfo& physics) {
  fmt::print("{}: {}\n", physics.name, physics.summary);
  print_table("coordinates", physics.coords);
  print_table("parameters (a range from < to makes a design input)", physics.params);
  print_table("outputs", physics.outputs);
  for (std::size_t o = 0; o < physics.states.size(); ++o)
    fmt::print("{}{} starts at {}", o == 0 ? "\na step of a control loop: " : ", ", physics.outputs[o].name,
               physics.params[std::size_t(physics.states[o])].name);
  if (!physics.states.empty()) fmt::print("\n");
  fmt::print("\nterms of the loss:");
  for (const TermInfo& term : physics.terms) fmt::print(" {}", term.name);
  fmt::print("\n");
}

}  // namespace

void add_list(CLI::App& app) {
  auto* command = app.add_subcommand("list", "name the physics in the registry, or show one in full");
  auto name = std::make_shared<std::string>();
  command->add_option("physics", *name, "show this one: coordinates, parameters, outputs, terms of the loss");
  command->callback([name] {
    if (!name->empty()) return print_physics(find_physics(*name));
    for (const PhysicsInfo& physics : catalog()) fmt::print("{:<20} {}\n", physics.name, physics.summary);
    fmt::print("\ninstruction set in use: {}\n", active_isa());
  });
}

}  // namespace residua::commands
