#include <CLI/CLI.hpp>
#include <memory>

#include "pinn/commands/card.hpp"
#include "pinn/commands/commands.hpp"
#include "surrogates/surrogate.hpp"

namespace residua::commands {
namespace {

void print_card(const Card& card) {
  fmt::print("physics      {}\nformat       {}\ndigest       {}\n\n", card.physics, card.format_version, card.digest);
  fmt::print("inputs and operating envelope\n");
  for (const Variable& v : card.inputs) fmt::print("  {:<22} {:>12.6g} to {:<12.6g} {}\n", v.name, v.lower, v.upper, v.unit);
  fmt::print("fixed\n");
  for (const FixedParameter& f : card.fixed) fmt::print("  {:<22} {:>12.6g} {}\n", f.name, f.value, f.unit);
  fmt::print("outputs\n");
  for (const Variable& v : card.outputs) fmt::print("  {:<22} {}\n", v.name, v.unit);
  fmt::print("\n");
  print_errors(card);
  const Provenance& p = card.provenance;
  fmt::print("\ntrained      {:.0f} s, seed {}, by version {}, {}\n", p.training_seconds, p.seed, p.code_version, p.created);
  for (const DatasetHash& d : p.datasets) fmt::print("data         {} sha256 {}\n", d.name, d.sha256);
}

}  // namespace

void add_info(CLI::App& app) {
  auto* command = app.add_subcommand("info", "show the card of a surrogate: inputs, envelope, errors, provenance");
  struct Options {
    std::string file;
    bool run_file = false;
  };
  auto o = std::make_shared<Options>();
  command->add_option("surrogate", o->file, "surrogate file")->required();
  command->add_flag("--run-file", o->run_file, "print only the run file it was trained from");
  command->callback([o] {
    const Surrogate surrogate(o->file);
    if (o->run_file)
      fmt::print("{}", surrogate.card().provenance.run_file);
    else
      print_card(surrogate.card());
  });
}

}  // namespace residua::commands
