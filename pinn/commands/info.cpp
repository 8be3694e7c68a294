#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "pinn/audit.hpp"
#include "pinn/commands/card.hpp"
#include "pinn/commands/commands.hpp"
#include "pinn/commands/json.hpp"
#include "surrogates/surrogate.hpp"

namespace residua::commands {
namespace {

void print_card(const Card& card) {
  const std::string& key = card.signature.key;
  fmt::print("physics      {}\nformat       {}\ndigest       {}\n", card.physics, card.format_version, card.digest);
  fmt::print("signed       {}\n\n", key.empty() ? "no" : "by the key " + key);
  if (card.members > 1) fmt::print("ensemble     the mean of {} networks\n\n", card.members);
  fmt::print("inputs and operating envelope\n");
  for (const Variable& v : card.inputs)
    fmt::print("  {:<22} {:>12.6g} to {:<12.6g} {}\n", v.name, v.lower, v.upper, v.unit);
  const Experience& e = card.experience;
  if (e.points > 0)
    fmt::print("experience   {} points of {} inputs from {}; 99 % within {:.2f} standard deviations\n", e.points,
               e.inputs.size(), e.source, e.usual);
  fmt::print("fixed\n");
  for (const FixedParameter& f : card.fixed) fmt::print("  {:<22} {:>12.6g} {}\n", f.name, f.value, f.unit);
  fmt::print("outputs\n");
  for (const Variable& v : card.outputs) fmt::print("  {:<22} {}\n", v.name, v.unit);
  fmt::print("\n");
  print_errors(card);
  const Provenance& p = card.provenance;
  fmt::print("\ntrained      {:.0f} s, seed {}, by version {}, {}\n", p.training_seconds, p.seed, p.code_version,
             p.created);
  for (const Parent& parent : p.parents) fmt::print("made from    {} ({})\n", parent.digest, parent.change);
  for (const DatasetHash& d : p.datasets) fmt::print("data         {} sha256 {}\n", d.name, d.sha256);
}

std::string to_json(const Variable& v) {
  return fmt::format(R"({{"name": {}, "unit": {}, "lower": {}, "upper": {}}})", json_string(v.name),
                     json_string(v.unit), json_number(v.lower), json_number(v.upper));
}
std::string to_json(const OutputError& e) {
  return fmt::format(R"({{"median": {}, "worst": {}, "default": {}, "max_abs": {}, "bound": {}, "covered": {}}})",
                     json_number(e.median), json_number(e.worst), json_number(e.default_case), json_number(e.max_abs),
                     json_number(e.bound), json_number(e.covered));
}

/// The card as one JSON object; "errors" are in the order of the outputs, and empty if there is no validation.
void print_json(const Surrogate& surrogate) {
  const Card& card = surrogate.card();
  const Provenance& p = card.provenance;
  const auto any = [](const auto& item) { return to_json(item); };
  fmt::print("{{\n  \"physics\": {},\n  \"format\": {},\n  \"digest\": {},\n  \"members\": {},\n",
             json_string(card.physics), card.format_version, json_string(card.digest), card.members);
  fmt::print("  \"signed_by\": {},\n", card.signature.key.empty() ? "null" : json_string(card.signature.key));
  fmt::print("  \"inputs\": {},\n  \"outputs\": {},\n", json_array(card.inputs, any), json_array(card.outputs, any));
  fmt::print("  \"fixed\": {},\n", json_array(card.fixed, [](const FixedParameter& f) {
               return fmt::format(R"({{"name": {}, "unit": {}, "value": {}}})", json_string(f.name),
                                  json_string(f.unit), json_number(f.value));
             }));
  fmt::print("  \"validation\": {{\"reference\": {}, \"cases\": {}, \"coverage\": {}, \"errors\": {}}},\n",
             json_string(card.validation.reference), card.validation.cases, json_number(card.validation.coverage),
             json_array(card.validation.outputs, any));
  if (const auto found = audit(surrogate))
    fmt::print("  \"balance\": {{\"of\": {}, \"gap\": {}}},\n", json_string(std::string(found->what)),
               json_number(found->gap));
  fmt::print("  \"experience\": {{\"points\": {}, \"inputs\": {}, \"source\": {}}},\n", card.experience.points,
             json_array(card.experience.inputs, json_string), json_string(card.experience.source));
  fmt::print("  \"parents\": {},\n", json_array(p.parents, [](const Parent& parent) {
               return fmt::format(R"({{"digest": {}, "change": {}}})", json_string(parent.digest),
                                  json_string(parent.change));
             }));
  fmt::print("  \"training_seconds\": {},\n  \"seed\": {},\n  \"code_version\": {},\n  \"created\": {},\n",
             json_number(p.training_seconds), p.seed, json_string(p.code_version), json_string(p.created));
  fmt::print("  \"datasets\": {}\n}}\n", json_array(p.datasets, [](const DatasetHash& d) {
               return fmt::format(R"({{"name": {}, "sha256": {}}})", json_string(d.name), json_string(d.sha256));
             }));
}

}  // namespace

void add_info(CLI::App& app) {
  auto* command = app.add_subcommand("info", "show the card of a surrogate: inputs, envelope, errors, provenance");
  struct Options {
    std::string file;
    bool run_file = false, json = false;
  };
  auto o = std::make_shared<Options>();
  command->add_option("surrogate", o->file, "surrogate file")->required();
  auto* run_file = command->add_flag("--run-file", o->run_file, "print only the run file it was trained from");
  command->add_flag("--json", o->json, "print the card as one JSON object, for programs")->excludes(run_file);
  command->callback([o] {
    const Surrogate surrogate(o->file);
    if (o->run_file)
      fmt::print("{}", surrogate.card().provenance.run_file);
    else if (o->json)
      print_json(surrogate);
    else
      print_card(surrogate.card());
  });
}

}  // namespace residua::commands
