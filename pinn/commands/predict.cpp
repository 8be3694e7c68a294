#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>

#include "datasets/published.hpp"
#include "kernels/core/error.hpp"
#include "pinn/commands/commands.hpp"
#include "pinn/commands/given.hpp"
#include "pinn/reference_answers.hpp"
#include "surrogates/surrogate.hpp"

namespace residua::commands {
namespace {

struct Options {
  std::string surrogate, table;
  std::vector<std::string> at;
  bool reference = false;
};

const std::vector<double>* column_of(const Table* table, const std::string& name) {
  if (!table) return nullptr;
  for (const Column& column : table->columns())
    if (column.name == name) return &column.values;
  return nullptr;
}

/// Values of every input, rows [inputs][n]: as given, else from the table's column of that name.
std::vector<double> input_rows(const Surrogate& surrogate, const Table* table, const Options& o, std::size_t n) {
  const auto given = parse_given(o.at);
  const auto inputs = surrogate.inputs();
  std::vector<std::string> names;
  for (const Variable& input : inputs) names.push_back(input.name);
  for (const auto& [name, value] : given)
    if (std::find(names.begin(), names.end(), name) == names.end())
      throw Error(fmt::format("--at: unknown input '{}': expected one of {}", name, fmt::join(names, ", ")));

  std::vector<double> rows;
  for (const Variable& input : inputs) {
    const auto value = std::find_if(given.begin(), given.end(), [&](const auto& g) { return g.first == input.name; });
    if (value != given.end())
      rows.insert(rows.end(), n, value->second);
    else if (const std::vector<double>* column = column_of(table, input.name))
      rows.insert(rows.end(), column->begin(), column->end());
    else
      throw Error(fmt::format("predict: input '{}' has no value: expected --at {}=NUMBER{}", input.name, input.name,
                              table ? ", or a column of that name" : ""));
  }
  return rows;
}

/// How far the members of an ensemble are apart, rows [outputs][n]: asked one by one, since only then they say.
std::vector<double> spread_of(const Surrogate& surrogate, const std::vector<double>& in, std::size_t n) {
  const std::size_t inputs = surrogate.inputs().size(), outputs = surrogate.outputs().size();
  std::vector<double> spread(outputs * n), point(inputs), mean(outputs), own(outputs);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t k = 0; k < inputs; ++k) point[k] = in[k * n + i];
    surrogate.predict_with_spread(point, mean, own);
    for (std::size_t k = 0; k < outputs; ++k) spread[k * n + i] = own[k];
  }
  return spread;
}

/// What is printed of every output: a column for each.
struct Answer {
  std::string_view kind;     ///< behind the names of the columns
  int digits;                ///< significant ones
  std::vector<double> rows;  ///< [outputs][n]
};

void predict_command(const Options& o) {
  const Surrogate surrogate(o.surrogate);
  Table table;
  if (!o.table.empty()) table = read_csv(o.table);
  const std::size_t n = o.table.empty() ? 1 : table.rows();
  const auto inputs = surrogate.inputs();
  const auto outputs = surrogate.outputs();
  const std::vector<double> in = input_rows(surrogate, o.table.empty() ? nullptr : &table, o, n);
  std::vector<double> out(outputs.size() * n);
  std::vector<Status> status(n);
  surrogate.predict(n, in, out, status);

  std::vector<Answer> answers{{"", 9, std::move(out)}};
  if (surrogate.card().members > 1) answers.push_back({" spread", 3, spread_of(surrogate, in, n)});
  if (o.reference) answers.push_back({" reference", 9, ReferenceAnswers(surrogate).at(in, n)});

  std::vector<std::string> header;
  for (const Variable& v : inputs) header.push_back(v.name);
  for (const Answer& answer : answers)
    for (const Variable& v : outputs) header.push_back(fmt::format("{}{} [{}]", v.name, answer.kind, v.unit));
  fmt::print("{},status\n", fmt::join(header, ","));
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t k = 0; k < inputs.size(); ++k) fmt::print("{},", in[k * n + i]);
    for (const Answer& answer : answers)
      for (std::size_t k = 0; k < outputs.size(); ++k) fmt::print("{:.{}g},", answer.rows[k * n + i], answer.digits);
    fmt::print("{}\n", name_of(status[i]));
  }
}

}  // namespace

void add_predict(CLI::App& app) {
  auto* command =
      app.add_subcommand("predict", "ask a surrogate: one point, or every row of a table; CSV on standard output");
  auto o = std::make_shared<Options>();
  command->add_option("surrogate", o->surrogate, "surrogate file")->required();
  command->add_option("--at", o->at, "values of inputs in plant units: name=number ...")->expected(-1);
  command->add_option("--table", o->table, "CSV whose columns are named as inputs");
  command->add_flag("--reference", o->reference, "answer by the reference of the physics as well");
  command->callback([o] { predict_command(*o); });
}

}  // namespace residua::commands
