#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <numeric>
#include <optional>

#include "datasets/published.hpp"
#include "kernels/core/error.hpp"
#include "pinn/commands/commands.hpp"
#include "pinn/commands/given.hpp"
#include "pinn/commands/json.hpp"
#include "pinn/estimate.hpp"
#include "pinn/measurements.hpp"
#include "pinn/plot.hpp"
#include "pinn/reference.hpp"

namespace residua::commands {
namespace {

struct Options {
  std::string surrogate, table, picture;
  std::vector<std::string> at, columns, sigma, bounds;
  double pulse = 0;
  bool reference = false, json = false;
};

/// Words of the form name=text.
std::vector<std::pair<std::string, std::string>> parse_names(const std::vector<std::string>& words,
                                                             const char* option) {
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const std::string& word : words) {
    const std::size_t equals = word.find('=');
    if (equals == 0 || equals == std::string::npos || equals + 1 == word.size())
      throw Error(fmt::format("{}: expected name=text, found '{}'", option, word));
    pairs.emplace_back(word.substr(0, equals), word.substr(equals + 1));
  }
  return pairs;
}

/// Narrower bounds, name=lower:upper.
void narrow(std::vector<FitParameter>& params, const std::vector<std::string>& words) {
  for (const auto& [name, text] : parse_names(words, "--bounds")) {
    const std::size_t colon = std::min(text.find(':'), text.size());
    const auto ends = parse_given(
        {name + "=" + text.substr(0, colon), name + "=" + text.substr(std::min(colon + 1, text.size()))}, "--bounds");
    const auto found = std::ranges::find(params, name, &FitParameter::name);
    if (found == params.end()) {
      std::vector<std::string> names;
      for (const FitParameter& p : params) names.push_back(p.name);
      throw Error(fmt::format("--bounds: '{}' is not fitted: expected one of {}", name, fmt::join(names, ", ")));
    }
    const double lower = ends[0].second, upper = ends[1].second;
    if (!(lower < upper && lower >= found->lower && upper <= found->upper))
      throw Error(fmt::format("--bounds {}: expected a part of the operating envelope, {:g}:{:g}, found {}", name,
                              found->lower, found->upper, text));
    *found = {name, lower, upper, (lower + upper) / 2};
  }
}

/// What the surrogate itself may add to the uncertainty of a fit.
void warn_of_model(const Surrogate& surrogate, const Measurements& m, Estimate& e) {
  const auto inputs = surrogate.inputs();
  for (const auto& [input, values] : m.by_row)
    if (const Variable& v = inputs[input];
        std::ranges::any_of(values, [&](double x) { return x < v.lower || x > v.upper; }))
      e.warnings.push_back(
          fmt::format("measurements beyond the trained {} {:g} to {:g} {}", v.name, v.lower, v.upper, v.unit));
  for (const auto& [input, value] : m.known)
    if (const Variable& v = inputs[input]; value < v.lower || value > v.upper)
      e.warnings.push_back(
          fmt::format("{} = {:g} is beyond the trained {:g} to {:g} {}", v.name, value, v.lower, v.upper, v.unit));
  const auto& errors = surrogate.card().validation.outputs;
  for (std::size_t o = 0; o < std::min(errors.size(), e.sigma.size()); ++o)
    if (errors[o].max_abs > e.sigma[o])
      e.warnings.push_back(
          fmt::format("the surrogate's {} is up to {:.2g} wrong somewhere, the noise is {:.2g}: intervals "
                      "do not hold the former",
                      surrogate.outputs()[o].name, errors[o].max_abs, e.sigma[o]));
}

void print_short(const std::string& by, const Estimate& e) {
  fmt::print("{:<26} RMSE {:.4g}  ", by, e.rmse);
  for (const EstimatedParameter& p : e.params) fmt::print(" {}={:.4g}", p.fit.name, p.fit.value);
  fmt::print("\n");
}

void print_intervals(const Surrogate& surrogate, const Estimate& e) {
  fmt::print("\n{:<22} {:>12} {:>12} {:>26}  {}\n", "parameter", "value", "std. error", "95 % interval", "unit");
  for (const EstimatedParameter& p : e.params) {
    const std::string interval = p.at_bound ? "at its bound" : fmt::format("{:.5g} to {:.5g}", p.lower, p.upper);
    fmt::print("{:<22} {:>12.6g} {:>12.3g} {:>26}  {}\n", p.fit.name, p.fit.value, p.error, interval,
               std::ranges::find(surrogate.inputs(), p.fit.name, &Variable::name)->unit);
  }
  for (std::size_t o = 0; o < e.sigma.size(); ++o)
    if (std::isfinite(e.sigma[o]))
      fmt::print("noise of {}: sigma {:.3g} {}\n", surrogate.outputs()[o].name, e.sigma[o],
                 surrogate.outputs()[o].unit);
  const std::size_t p = e.params.size();
  if (p > 1) fmt::print("\ncorrelation\n");
  for (std::size_t a = 0; p > 1 && a < p; ++a) {
    fmt::print("{:<22}", e.params[a].fit.name);
    for (std::size_t b = 0; b <= a; ++b) fmt::print(" {:>8.4f}", e.correlation[a * p + b]);
    fmt::print("\n");
  }
}

void print_json(const Estimate& e) {
  std::vector<std::string> params, correlation, warnings;
  for (const EstimatedParameter& p : e.params)
    params.push_back(
        fmt::format(R"({{"name": {}, "value": {}, "error": {}, "lower": {}, "upper": {}, "at_bound": {}}})",
                    json_string(p.fit.name), json_number(p.fit.value), json_number(p.error), json_number(p.lower),
                    json_number(p.upper), p.at_bound));
  for (const double c : e.correlation) correlation.push_back(json_number(c));
  for (const std::string& w : e.warnings) warnings.push_back(json_string(w));
  fmt::print("{{\"rmse\": {}, \"freedom\": {}, \"params\": [{}], \"correlation\": [{}], \"warnings\": [{}]}}\n",
             json_number(e.rmse), e.freedom, fmt::join(params, ", "), fmt::join(correlation, ", "),
             fmt::join(warnings, ", "));
}

std::string label(const Variable& v) { return v.unit == "-" ? v.name : fmt::format("{} [{}]", v.name, v.unit); }

/// Measured against the first input that differs by row; each output in a colour of its own, fits as lines.
void draw(const Surrogate& surrogate, const Measurements& m, const Estimate& e,
          const std::optional<Estimate>& reference, const std::string& picture) {
  if (m.by_row.empty()) throw Error("--out: expected a column of an input to draw against, found none");
  const auto& [input, x] = m.by_row.front();
  LineChart chart(fmt::format("{}: measured and fitted", surrogate.card().physics), label(surrogate.inputs()[input]),
                  "measured outputs");
  int colour = 0;
  for (std::size_t o = 0; o < surrogate.outputs().size(); ++o) {
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < m.observations.size(); ++i)
      if (m.observations[i].output == o) order.push_back(i);
    if (order.empty()) continue;
    std::ranges::sort(order, {}, [&](std::size_t i) { return x[m.observations[i].row]; });
    const auto curve = [&](const std::string& name, const std::vector<double>& values, LineChart::Style style, int c) {
      std::vector<double> at, y;
      for (const std::size_t i : order) {
        at.push_back(x[m.observations[i].row]);
        y.push_back(values[i]);
      }
      chart.add(fmt::format("{}, {}", label(surrogate.outputs()[o]), name), at, y, style, c);
    };
    curve("measured", m.values(), LineChart::Style::points, 6);
    curve("surrogate", e.fitted, LineChart::Style::line, colour++);
    if (reference) curve("reference", reference->fitted, LineChart::Style::line, colour++);
  }
  chart.save(picture);
}

void fit_command(const Options& o) {
  const Surrogate surrogate(o.surrogate);
  const MeasurementOptions options{parse_names(o.columns, "--columns"), parse_given(o.at),
                                   parse_given(o.sigma, "--sigma"), o.pulse};
  const Table table = read_csv(o.table, {.optional_columns = measured_columns(surrogate, options)});
  const Measurements m = read_measurements(table, surrogate, options);
  auto start = free_parameters(surrogate, m);
  narrow(start, o.bounds);
  if (m.observations.size() <= start.size())
    throw Error(fmt::format("{}: expected more measured values than the {} parameters to fit, found {}", o.table,
                            start.size(), m.observations.size()));

  Estimate fitted = estimate(surrogate_model(surrogate, m), m, start);
  warn_of_model(surrogate, m, fitted);
  if (o.json) return print_json(fitted);
  fmt::print("{} measured points, {} inputs to fit\n", m.observations.size(), start.size());
  print_short("surrogate", fitted);
  std::optional<Estimate> by_reference;
  if (o.reference) {
    by_reference = estimate(reference_model(surrogate, m), m, start);
    print_short(std::string(find_reference(surrogate.card().physics)->name), *by_reference);
  }
  print_intervals(surrogate, fitted);
  if (!fitted.warnings.empty()) fmt::print("\n");
  for (const std::string& warning : fitted.warnings) fmt::print("warning: {}\n", warning);
  if (!o.picture.empty()) draw(surrogate, m, fitted, by_reference, o.picture);
}

}  // namespace

void add_fit(CLI::App& app) {
  auto* command = app.add_subcommand("fit", "fit inputs of a surrogate to measured values, with 95 % intervals");
  auto o = std::make_shared<Options>();
  command->add_option("surrogate", o->surrogate, "surrogate file")->required();
  command
      ->add_option("--table", o->table,
                   "CSV with columns named as inputs and outputs, in plant units; inputs in no column and not given by "
                   "--at are fitted, each within its range")
      ->required();
  command
      ->add_option("--columns", o->columns,
                   "columns of other names: input or output=column ... (c0, c1, ... if the table names none)")
      ->expected(-1);
  command->add_option("--at", o->at, "inputs that are known: name=number ...")->expected(-1);
  command
      ->add_option(
          "--sigma", o->sigma,
          "standard deviation of the noise: output=number ...; or columns named OUTPUT_sigma (default: estimated)")
      ->expected(-1);
  command->add_option("--bounds", o->bounds, "narrower bounds of fitted inputs: name=lower:upper ...")->expected(-1);
  command->add_option("--pulse", o->pulse, "the inlet's step ends after this time (linear problems)")
      ->check(CLI::PositiveNumber);
  auto* reference = command->add_flag("--reference", o->reference, "fit the reference of the physics too");
  auto* picture = command->add_option("-o,--out", o->picture, "picture of the fit, .png or .svg");
  command->add_flag("--json", o->json, "print the result as one JSON object, for programs")
      ->excludes(reference)
      ->excludes(picture);
  command->callback([o] { fit_command(*o); });
}

}  // namespace residua::commands
