#include "pinn/measurements.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <span>

#include "kernels/core/error.hpp"
#include "pinn/reference_answers.hpp"

namespace residua {
namespace {

std::size_t index_of(std::span<const Variable> variables, const std::string& name, const std::string& what) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < variables.size(); ++i) {
    if (variables[i].name == name) return i;
    names.push_back(variables[i].name);
  }
  throw Error(
      fmt::format("{} '{}' is not one of the surrogate: expected one of {}", what, name, fmt::join(names, ", ")));
}

const std::vector<double>* find_column(const Table& table, const std::string& name) {
  const auto found = std::ranges::find(table.columns(), name, &Column::name);
  return found == table.columns().end() ? nullptr : &found->values;
}

/// The column that holds an input or output: the one it was given, else the one of its name.
std::string column_of(const MeasurementOptions& options, const std::string& name) {
  for (const auto& [variable, column] : options.columns)
    if (variable == name) return column;
  return name;
}

const double* given(const std::vector<std::pair<std::string, double>>& pairs, const std::string& name) {
  const auto found = std::ranges::find(pairs, name, &std::pair<std::string, double>::first);
  return found == pairs.end() ? nullptr : &found->second;
}

void check_names(const Table& table, const Surrogate& surrogate, const MeasurementOptions& options) {
  for (const auto& [name, value] : options.known) index_of(surrogate.inputs(), name, "input");
  for (const auto& [name, value] : options.sigma) {
    index_of(surrogate.outputs(), name, "output");
    if (!(value > 0)) throw Error(fmt::format("--sigma {}: expected a number above 0, found {}", name, value));
  }
  for (const auto& [name, column] : options.columns) {
    const auto same = [&](const Variable& v) { return v.name == name; };
    if (std::ranges::none_of(surrogate.inputs(), same)) index_of(surrogate.outputs(), name, "input or output");
    static_cast<void>(table[column]);  // says which columns there are
  }
}

void add_inputs(const Table& table, const Surrogate& surrogate, const MeasurementOptions& options, Measurements& m) {
  for (std::size_t i = 0; i < surrogate.inputs().size(); ++i) {
    const std::string& name = surrogate.inputs()[i].name;
    const auto* column = find_column(table, column_of(options, name));
    const double* value = given(options.known, name);
    if (column && value)
      throw Error(fmt::format("--at {}={}: expected an input that is no column of the table, found one", name, *value));
    if (column)
      m.by_row.emplace_back(i, *column);
    else if (value)
      m.known.emplace_back(i, *value);
    else
      m.free.push_back(i);
  }
  std::vector<std::string> coords;
  for (const Quantity& coord : find_physics(surrogate.card().physics).coords) coords.emplace_back(coord.name);
  for (const std::size_t i : m.free)
    if (std::ranges::find(coords, surrogate.inputs()[i].name) != coords.end())
      throw Error(
          fmt::format("coordinate '{0}' has no value: expected a column of that name, --columns {0}=COLUMN or "
                      "--at {0}=NUMBER",
                      surrogate.inputs()[i].name));
  if (m.free.empty()) throw Error("fit: every input is known: expected one or more without a column and --at");
}

void add_outputs(const Table& table, const Surrogate& surrogate, const MeasurementOptions& options, Measurements& m) {
  std::vector<std::string> names;
  for (std::size_t o = 0; o < surrogate.outputs().size(); ++o) {
    const std::string& name = names.emplace_back(surrogate.outputs()[o].name);
    const auto* column = find_column(table, column_of(options, name));
    if (!column) continue;
    const auto* noise = find_column(table, name + "_sigma");
    const double* sigma = given(options.sigma, name);
    for (std::size_t row = 0; row < column->size(); ++row) {
      if (std::isnan((*column)[row])) continue;
      if (noise && !((*noise)[row] > 0))
        throw Error(fmt::format("column '{}_sigma', row {}: expected a number above 0, found {}", name, row + 1,
                                (*noise)[row]));
      m.observations.push_back({row, o, (*column)[row], noise ? (*noise)[row] : sigma ? *sigma : 0});
    }
  }
  if (m.observations.empty())
    throw Error(
        fmt::format("fit: the table has no measured output: expected a column of one of {}, or --columns "
                    "NAME=COLUMN",
                    fmt::join(names, ", ")));
}

/// Every input at a row, for these values of the free ones.
std::vector<double> inputs_at(const Measurements& m, std::size_t inputs, std::size_t row,
                              std::span<const double> params) {
  std::vector<double> in(inputs);
  for (const auto& [i, value] : m.known) in[i] = value;
  for (const auto& [i, values] : m.by_row) in[i] = values[row];
  for (std::size_t k = 0; k < m.free.size(); ++k) in[m.free[k]] = params[k];
  return in;
}

/// The reference's answers at the observations, less those `pulse` earlier.
class ReferenceSum {
 public:
  ReferenceSum(const Surrogate& surrogate, const Measurements& m)
      : reference_(surrogate), inputs_(surrogate.inputs().size()), m_(m) {}

  std::vector<double> values(std::span<const double> params) const {
    std::vector<double> values(m_.observations.size());
    add(params, 0, 1, values);
    if (m_.pulse > 0) add(params, m_.pulse, -1, values);
    return values;
  }

 private:
  /// Adds sign * the answers `delay` earlier, from the start on.
  void add(std::span<const double> params, double delay, double sign, std::vector<double>& values) const {
    std::vector<std::size_t> begun;
    std::vector<std::vector<double>> questions;
    for (std::size_t i = 0; i < values.size(); ++i) {
      std::vector<double> in = inputs_at(m_, inputs_, m_.observations[i].row, params);
      in[0] -= delay;
      if (delay > 0 && in[0] <= 0) continue;
      begun.push_back(i);
      questions.push_back(std::move(in));
    }
    const std::size_t n = begun.size();
    std::vector<double> rows(inputs_ * n);
    for (std::size_t q = 0; q < n; ++q)
      for (std::size_t k = 0; k < inputs_; ++k) rows[k * n + q] = questions[q][k];
    const std::vector<double> answers = reference_.at(rows, n);
    for (std::size_t q = 0; q < n; ++q) values[begun[q]] += sign * answers[m_.observations[begun[q]].output * n + q];
  }

  ReferenceAnswers reference_;
  std::size_t inputs_;
  Measurements m_;
};

}  // namespace

std::vector<double> Measurements::values() const {
  std::vector<double> all;
  for (const Observation& o : observations) all.push_back(o.value);
  return all;
}

std::vector<std::string> measured_columns(const Surrogate& surrogate, const MeasurementOptions& options) {
  std::vector<std::string> columns;
  for (const Variable& v : surrogate.outputs()) columns.push_back(column_of(options, v.name));
  return columns;
}

Measurements read_measurements(const Table& table, const Surrogate& surrogate, const MeasurementOptions& options) {
  check_names(table, surrogate, options);
  Measurements m;
  m.pulse = options.pulse;
  if (m.pulse > 0 && surrogate.inputs()[0].name != "time")
    throw Error("--pulse: expected a surrogate whose first input is the time");
  add_inputs(table, surrogate, options, m);
  add_outputs(table, surrogate, options, m);
  return m;
}

std::vector<FitParameter> free_parameters(const Surrogate& surrogate, const Measurements& m) {
  std::vector<FitParameter> free;
  for (const std::size_t i : m.free) {
    const Variable& v = surrogate.inputs()[i];
    free.push_back({v.name, v.lower, v.upper, (v.lower + v.upper) / 2});
  }
  return free;
}

FitModel surrogate_model(const Surrogate& surrogate, const Measurements& m) {
  return [&surrogate, m](std::span<const double> params, std::span<double> values, std::span<double> jacobian) {
    const std::size_t n_in = surrogate.inputs().size(), n_out = surrogate.outputs().size(), n_free = m.free.size();
    std::vector<double> out(n_out), slopes(n_out * n_in);
    std::ranges::fill(values, 0.0);
    std::ranges::fill(jacobian, 0.0);
    const auto add = [&](std::size_t i, const std::vector<double>& in, double sign) {
      const std::size_t o = m.observations[i].output;
      if (jacobian.empty()) {
        surrogate.predict(in, out);
      } else {
        surrogate.jacobian(in, out, slopes);
        for (std::size_t k = 0; k < n_free; ++k) jacobian[i * n_free + k] += sign * slopes[o * n_in + m.free[k]];
      }
      values[i] += sign * out[o];
    };
    for (std::size_t i = 0; i < m.observations.size(); ++i) {
      std::vector<double> in = inputs_at(m, n_in, m.observations[i].row, params);
      add(i, in, 1);
      in[0] -= m.pulse;
      if (m.pulse > 0 && in[0] > 0) add(i, in, -1);
    }
  };
}

FitModel reference_model(const Surrogate& surrogate, const Measurements& m) {
  return [sum = ReferenceSum(surrogate, m)](std::span<const double> params, std::span<double> values,
                                            std::span<double> jacobian) {
    const auto centre = sum.values(params);
    std::ranges::copy(centre, values.begin());
    for (std::size_t k = 0; !jacobian.empty() && k < params.size(); ++k) {
      std::vector<double> shifted(params.begin(), params.end());
      const double h = 1e-6 * std::max(1e-3, std::abs(params[k]));
      shifted[k] += h;
      const auto up = sum.values(shifted);
      for (std::size_t i = 0; i < centre.size(); ++i) jacobian[i * params.size() + k] = (up[i] - centre[i]) / h;
    }
  };
}

}  // namespace residua
