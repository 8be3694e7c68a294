#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>

#include "pinn/commands/card.hpp"
#include "pinn/commands/commands.hpp"
#include "pinn/conformal.hpp"
#include "pinn/export.hpp"

namespace residua::commands {
namespace {

struct Options {
  std::string surrogate;
  int cases = 256;
  std::optional<std::uint64_t> seed;
};

/// Whether the bounds of the card do what they say, on cases that they were not found from.
void print_coverage(const Card& card, const Judgement& fresh) {
  const Validation& v = card.validation;
  if (v.coverage == 0) return fmt::print("the file states no bound to be kept to\n");
  fmt::print("cases that keep to the file's bound, which is stated for {:.0f} % of new ones\n", 100 * v.coverage);
  for (std::size_t o = 0; o < v.outputs.size(); ++o) {
    const std::size_t within = count_within(fresh.largest[o], v.outputs[o].bound), all = fresh.largest[o].size();
    fmt::print("  {:<20} {:>10.3g} {}   {} of {} cases: {:.1f} %\n", card.outputs[o].name, v.outputs[o].bound,
               card.outputs[o].unit, within, all, 100. * double(within) / double(all));
  }
}

/// The seed of the cases. Those of the training's own seed are on the card, and half of them made its bounds.
std::uint64_t seed_of_cases(const Options& o, const RunFile& run, const Problem& problem) {
  if (!o.seed) return run.seed;
  if (*o.seed == run.seed)
    throw Error(fmt::format("--seed: expected another than that of the training, whose cases the card knows; found {}",
                            *o.seed));
  if (problem.design().empty()) throw Error("--seed: this surrogate has no design inputs, so there is but one case");
  return *o.seed;
}

/// Repeats the validation that the card reports; with a seed, does it again on cases that the card knows nothing of.
void validate(const Surrogate& surrogate, const Options& o) {
  const RunFile run = RunFile::parse(surrogate.card().provenance.run_file, "the surrogate's run file");
  const Problem problem(run);
  const std::uint64_t seed = seed_of_cases(o, run, problem);
  const Judgement judgement = judge(problem, predictor_of(surrogate, problem), o.cases, seed);
  Card card = surrogate.card();
  card.validation = judgement.validation;
  if (o.seed) card.validation.coverage = 0;  // the file's own bounds are what is asked about
  print_errors(card);
  if (o.seed) print_coverage(surrogate.card(), judgement);
  print_balance(surrogate, validation_cases(problem, o.cases, seed));
  if (problem.design().empty()) return;
  fmt::print("hardest case:");
  for (std::size_t p = 0; p < judgement.worst_params.size(); ++p)
    if (problem.design_row()[p] >= 0)
      fmt::print(" {}={:.4g}", problem.physics().params[p].name, judgement.worst_params[p]);
  fmt::print("\n");
}

}  // namespace

void add_validate(CLI::App& app) {
  auto* command = app.add_subcommand("validate", "judge a surrogate by the reference of its physics");
  auto o = std::make_shared<Options>();
  command->add_option("surrogate", o->surrogate, "surrogate file")->required();
  command->add_option("--cases", o->cases, "unseen cases for the comparison with the reference")
      ->check(CLI::Range(1, 1000000));
  command->add_option("--seed", o->seed,
                      "draw other cases than those on the card, and tell how many keep to its bounds");
  command->callback([o] { validate(Surrogate(o->surrogate), *o); });
}

}  // namespace residua::commands
