#include "pinn/validation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "kernels/core/error.hpp"
#include "pinn/conformal.hpp"

namespace residua {
namespace {

constexpr double kCoverage = 0.9;                  ///< of the bounds
constexpr std::uint64_t kUnseen = 0x756e7365656e;  ///< keeps validation samples apart from training samples of any seed

struct Difference {
  double relative, max_abs;
};

Difference compare(const double* found, const double* expected, std::size_t n) {
  double difference = 0, size = 0, worst = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const double d = found[i] - expected[i];
    difference += d * d;
    size += expected[i] * expected[i];
    worst = std::max(worst, std::abs(d));
  }
  return {std::sqrt(difference / std::max(size, 1e-300)), worst};
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + std::ptrdiff_t(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace

Grid validation_grid(const Problem& problem) {
  Grid grid;
  const auto& coords = problem.physics().coords;
  const int points = !problem.design().empty() ? 40 : coords.size() == 1 ? 1001 : coords.size() == 2 ? 201 : 41;
  for (std::size_t c = 0; c < coords.size(); ++c) {
    const Range range = problem.coord_range(int(c));
    const bool time = coords[c].name == "time";
    std::vector<double> axis;
    for (int i = 0; i < points; ++i)
      axis.push_back(range.lower +
                     (range.upper - range.lower) * (time ? double(i + 1) / points : double(i) / (points - 1)));
    grid.axes.push_back(axis);
  }
  return grid;
}

std::vector<std::vector<double>> validation_cases(const Problem& problem, int unseen, std::uint64_t seed) {
  const auto& table = problem.physics().params;
  std::vector<double> defaults;
  for (std::size_t p = 0; p < table.size(); ++p) {
    double value = problem.params()[p] * table[p].scale;
    if (const int row = problem.design_row()[p]; row >= 0) {
      // The default of the physics, or the middle of an envelope that does not hold it.
      const Range range = problem.design_range(row);
      if (value < range.lower || value > range.upper) value = (range.lower + range.upper) / 2;
    }
    defaults.push_back(value);
  }
  std::vector<std::vector<double>> cases{defaults};
  const std::size_t dims = problem.design().size(), n = std::size_t(unseen);
  if (dims == 0) return cases;
  std::vector<double> unit(dims * n);
  Sobol sequence(dims, seed ^ kUnseen);
  sequence.fill(unit.data(), n);
  for (std::size_t i = 0; i < n; ++i) {
    std::vector<double> params = defaults;
    for (std::size_t d = 0; d < dims; ++d) {
      const Range range = problem.design_range(int(d));
      params[std::size_t(problem.design()[d])] = range.lower + (range.upper - range.lower) * unit[d * n + i];
    }
    cases.push_back(params);
  }
  return cases;
}

Judgement judge(const Problem& problem, const Predictor& predict, int unseen, std::uint64_t seed) {
  const Reference* reference = find_reference(problem.physics().name);
  if (!reference)
    throw Error(fmt::format("{}: no reference solution: expected one in pinn/reference.cpp, or a measured table",
                            problem.physics().name));
  const Grid grid = validation_grid(problem);
  const std::size_t n = grid.points();
  const std::vector<double> coords = grid.rows();
  const auto cases = validation_cases(problem, unseen, seed);
  const auto& outputs = problem.physics().outputs;

  Judgement result{{std::string(reference->name), std::int64_t(cases.size()) - 1, {}, 0}, {}, {}, {}};
  std::vector<OutputError>& errors = result.validation.outputs;
  errors.resize(outputs.size());
  std::vector<std::vector<double>> relative(outputs.size());  // of each unseen case
  result.largest.resize(outputs.size());
  double worst = -1;
  for (std::size_t c = 0; c < cases.size(); ++c) {
    const auto expected = reference->solve(cases[c], grid), found = predict(cases[c], coords, n);
    double& case_error = result.case_errors.emplace_back(0);
    for (std::size_t o = 0; o < outputs.size(); ++o) {
      const Difference d = compare(&found[o * n], &expected[o * n], n);
      errors[o].max_abs = std::max(errors[o].max_abs, d.max_abs);
      if (c == 0) errors[o].default_case = d.relative;
      if (c > 0 || cases.size() == 1) relative[o].push_back(d.relative);
      if (c > 0) result.largest[o].push_back(d.max_abs);
      case_error = std::max(case_error, d.relative);
      if (d.relative > worst) {
        worst = d.relative;
        result.worst_params = cases[c];
      }
    }
  }
  for (std::size_t o = 0; o < outputs.size(); ++o) {
    errors[o].median = median(relative[o]);
    errors[o].worst = *std::max_element(relative[o].begin(), relative[o].end());
    if (const auto found = conformal_bound(result.largest[o], kCoverage)) {
      errors[o].bound = found->bound;
      errors[o].covered = found->covered;
      result.validation.coverage = kCoverage;
    }
  }
  return result;
}

}  // namespace residua
