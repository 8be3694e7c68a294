#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "pinn/commands/card.hpp"
#include "pinn/commands/commands.hpp"
#include "pinn/export.hpp"

namespace residua::commands {
namespace {

struct Options {
  std::string surrogate;
  int cases = 256;
};

/// Repeats the validation that the card reports.
void validate(const Surrogate& surrogate, int cases) {
  const RunFile run = RunFile::parse(surrogate.card().provenance.run_file, "the surrogate's run file");
  const Problem problem(run);
  const Judgement judgement = judge(problem, predictor_of(surrogate, problem), cases, run.seed);
  Card card = surrogate.card();
  card.validation = judgement.validation;
  print_errors(card);
  print_balance(surrogate, validation_cases(problem, cases, run.seed));
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
  command->callback([o] { validate(Surrogate(o->surrogate), o->cases); });
}

}  // namespace residua::commands
