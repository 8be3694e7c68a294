#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <memory>
#include <optional>

#include "datasets/published.hpp"
#include "kernels/core/error.hpp"
#include "pinn/commands/card.hpp"
#include "pinn/commands/commands.hpp"
#include "pinn/commands/given.hpp"
#include "pinn/export.hpp"
#include "pinn/fit.hpp"
#include "pinn/plot.hpp"

namespace residua::commands {
namespace {

struct Options {
  std::string surrogate, table, time_column, value_column, output, picture;
  std::vector<std::string> at;
  double pulse = 0;
  int cases = 256;
};

/// Repeats the validation that the card reports.
void validate_by_reference(const Surrogate& surrogate, int cases) {
  const RunFile run = RunFile::parse(surrogate.card().provenance.run_file, "the surrogate's run file");
  const Problem problem(run);
  const Judgement judgement = judge(problem, predictor_of(surrogate, problem), cases, run.seed);
  Card card = surrogate.card();
  card.validation = judgement.validation;
  print_errors(card);
  print_balance(surrogate);
  if (problem.design().empty()) return;
  fmt::print("hardest case:");
  for (std::size_t p = 0; p < judgement.worst_params.size(); ++p)
    if (problem.design_row()[p] >= 0)
      fmt::print(" {}={:.4g}", problem.physics().params[p].name, judgement.worst_params[p]);
  fmt::print("\n");
}

/// The same curve by the reference of the physics, for a fit to stand beside the surrogate's.
FitModel reference_model(const Surrogate& surrogate, const BreakthroughCurve& curve, const Reference& reference) {
  const PhysicsInfo& physics = find_physics(surrogate.card().physics);
  const auto free = free_parameters(surrogate, curve);
  std::size_t output = 0;
  for (std::size_t o = 0; o < physics.outputs.size(); ++o)
    if (physics.outputs[o].name == curve.output) output = o;
  const auto values_at = [=, &physics, &surrogate](std::span<const double> params) {
    std::vector<double> full(physics.params.size());
    double position = 0;
    const auto set = [&](const std::string& name, double value) {
      for (std::size_t p = 0; p < full.size(); ++p)
        if (physics.params[p].name == name) full[p] = value;
      if (physics.coords.size() > 1 && physics.coords[1].name == name) position = value;
    };
    for (const FixedParameter& f : surrogate.card().fixed) set(f.name, f.value);
    for (const auto& [name, value] : curve.known) set(name, value);
    for (std::size_t k = 0; k < free.size(); ++k) set(free[k].name, params[k]);
    std::vector<double> values(curve.times.size());
    const auto add = [&](double delay, double sign) {
      Grid grid{{{}, {position}}};
      std::vector<std::size_t> where;
      for (std::size_t i = 0; i < curve.times.size(); ++i)
        if (curve.times[i] > delay) {
          grid.axes[0].push_back(curve.times[i] - delay);
          where.push_back(i);
        }
      if (where.empty()) return;
      const auto rows = reference.solve(full, grid);
      for (std::size_t i = 0; i < where.size(); ++i) values[where[i]] += sign * rows[output * where.size() + i];
    };
    add(0, 1);
    if (curve.pulse > 0) add(curve.pulse, -1);
    return values;
  };
  return [=](std::span<const double> params, std::span<double> values, std::span<double> jacobian) {
    const auto centre = values_at(params);
    std::copy(centre.begin(), centre.end(), values.begin());
    if (jacobian.empty()) return;
    for (std::size_t k = 0; k < params.size(); ++k) {
      std::vector<double> shifted(params.begin(), params.end());
      const double h = 1e-6 * std::max(1e-3, std::abs(params[k]));
      shifted[k] += h;
      const auto up = values_at(shifted);
      for (std::size_t i = 0; i < centre.size(); ++i) jacobian[i * params.size() + k] = (up[i] - centre[i]) / h;
    }
  };
}

void print_fit(const char* by, const FitResult& result) {
  fmt::print("{:<26} RMSE {:.4f}  ", by, result.rmse);
  for (const FitParameter& p : result.params) fmt::print(" {}={:.4g}", p.name, p.value);
  fmt::print("\n");
}

void validate_by_table(const Surrogate& surrogate, const Options& o) {
  const Table table = read_csv(o.table);
  BreakthroughCurve curve{table[o.time_column], o.output, parse_given(o.at), o.pulse};
  const std::vector<double>& measured = table[o.value_column];
  auto free = free_parameters(surrogate, curve);
  fmt::print("{} measured points, {} inputs to fit\n", measured.size(), free.size());

  const FitResult by_surrogate = fit(surrogate_model(surrogate, curve), measured, free);
  print_fit("surrogate", by_surrogate);
  for (const FitParameter& p : by_surrogate.params)
    if (p.value < p.lower + 0.001 * (p.upper - p.lower) || p.value > p.upper - 0.001 * (p.upper - p.lower))
      fmt::print("warning: {} ends at the edge of the operating envelope [{}, {}]\n", p.name, p.lower, p.upper);
  for (const double t : curve.times)
    if (const Variable& time = surrogate.inputs()[0]; t < time.lower || t > time.upper) {
      fmt::print("warning: measurements beyond the trained time {} to {} {}\n", time.lower, time.upper, time.unit);
      break;
    }
  std::optional<FitResult> by_reference;
  if (const Reference* reference = find_reference(surrogate.card().physics)) {
    by_reference = fit(reference_model(surrogate, curve, *reference), measured, free);
    print_fit(std::string(reference->name).c_str(), *by_reference);
  }
  if (o.picture.empty()) return;
  LineChart chart(fmt::format("{}: measured and fitted", surrogate.card().physics),
                  "time [" + surrogate.inputs()[0].unit + "]", o.output);
  chart.add("measured", curve.times, measured, LineChart::Style::points, 6);
  chart.add("surrogate", curve.times, by_surrogate.fitted, LineChart::Style::line, 0);
  if (by_reference) chart.add("exact solution", curve.times, by_reference->fitted, LineChart::Style::line, 1);
  chart.save(o.picture);
}

}  // namespace

void add_validate(CLI::App& app) {
  auto* command = app.add_subcommand("validate", "judge a surrogate by its reference, or fit it to a measured curve");
  auto o = std::make_shared<Options>();
  command->add_option("surrogate", o->surrogate, "surrogate file")->required();
  command->add_option("--cases", o->cases, "unseen cases for the comparison with the reference")
      ->check(CLI::Range(1, 1000000));
  auto* table =
      command->add_option("--table", o->table, "CSV with a measured curve; inputs not given by --at are fitted to it");
  command->add_option("--time-column", o->time_column, "column of times, in the surrogate's unit")
      ->default_val("c0")
      ->needs(table);
  command->add_option("--value-column", o->value_column, "column of measured values")->default_val("c1")->needs(table);
  command->add_option("--output", o->output, "output of the surrogate that was measured")->needs(table);
  command->add_option("--at", o->at, "inputs that are known: name=number ...")->expected(-1)->needs(table);
  command->add_option("--pulse", o->pulse, "the inlet's step ends after this time (linear problems)")->needs(table);
  command->add_option("-o,--out", o->picture, "picture of the fit, .png or .svg")->needs(table);
  command->callback([o] {
    const Surrogate surrogate(o->surrogate);
    if (o->table.empty()) return validate_by_reference(surrogate, o->cases);
    if (o->output.empty()) o->output = surrogate.outputs()[0].name;
    validate_by_table(surrogate, *o);
  });
}

}  // namespace residua::commands
