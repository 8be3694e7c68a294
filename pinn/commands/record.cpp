#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <string>

#include "pinn/commands/commands.hpp"
#include "pinn/commands/derived.hpp"
#include "pinn/data_file.hpp"
#include "pinn/experience.hpp"

namespace residua::commands {
namespace {

struct Options {
  std::string surrogate, table, out, source, keys;
};

std::size_t outside(const Table& table, const Card& card) {
  std::size_t count = 0;
  for (std::size_t row = 0; row < table.rows(); ++row)
    count += std::any_of(card.inputs.begin(), card.inputs.end(), [&](const Variable& v) {
      const auto column = std::ranges::find(table.columns(), v.name, &Column::name);
      return column != table.columns().end() && !(column->values[row] >= v.lower && column->values[row] <= v.upper);
    });
  return count;
}

void record(const Options& o) {
  Model model = load_parent(o.surrogate, o.keys);
  const auto [table, file] = read_data(o.table);
  model.card.experience = experience_of(table, model.card, o.source.empty() ? o.table : o.source);
  add_dataset(model.card.provenance, file);
  save_derived(model, "recorded where the plant has worked", o.out);
  const Experience& e = model.card.experience;
  fmt::print("{}: {} points of {} inputs; 99 % lie within {:.2f} standard deviations of their mean\n", o.out, e.points,
             e.inputs.size(), e.usual);
  if (const std::size_t count = outside(table, model.card))
    fmt::print("{} of the points lie outside the envelope: the surrogate was not trained for them\n", count);
}

}  // namespace

void add_record(CLI::App& app) {
  auto* command = app.add_subcommand(
      "record", "record in a surrogate where a plant has worked, so that it tells unfamiliar mixtures of inputs");
  auto o = std::make_shared<Options>();
  command->add_option("surrogate", o->surrogate, "surrogate file")->required();
  command
      ->add_option("table", o->table,
                   "CSV of operating points, a row each, with columns named as inputs, in plant units")
      ->required();
  command->add_option("--out", o->out, "file to write")->required();
  command->add_option("--source", o->source, "what the points are (default: the name of the table)");
  command->add_option("--keys", o->keys, "take only what one of these public keys has signed: STEM.pub");
  command->callback([o] { record(*o); });
}

}  // namespace residua::commands
