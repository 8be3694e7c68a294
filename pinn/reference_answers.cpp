#include "pinn/reference_answers.hpp"

#include <fmt/format.h>

#include <map>

#include "kernels/core/error.hpp"

namespace residua {
namespace {

const Reference& reference_of(std::string_view physics) {
  if (const Reference* reference = find_reference(physics)) return *reference;
  throw Error(
      fmt::format("{}: the toolkit has no reference for this physics: expected one in pinn/reference.cpp", physics));
}

std::size_t parameter(const PhysicsInfo& physics, const std::string& name) {
  for (std::size_t p = 0; p < physics.params.size(); ++p)
    if (physics.params[p].name == name) return p;
  throw Error(fmt::format("{}: no parameter '{}'", physics.name, name));
}

}  // namespace

ReferenceAnswers::ReferenceAnswers(const Surrogate& surrogate)
    : physics_(find_physics(surrogate.card().physics)),
      reference_(reference_of(physics_.name)),
      params_(physics_.params.size()) {
  for (const Variable& input : surrogate.inputs().subspan(physics_.coords.size()))
    design_.push_back(parameter(physics_, input.name));
  for (const FixedParameter& fixed : surrogate.card().fixed) params_[parameter(physics_, fixed.name)] = fixed.value;
}

std::vector<double> ReferenceAnswers::on(const Grid& grid, std::span<const double> design) const {
  std::vector<double> params = params_;
  for (std::size_t d = 0; d < design_.size(); ++d) params[design_[d]] = design[d];
  return reference_.solve(params, grid);
}

std::vector<double> ReferenceAnswers::at(std::span<const double> inputs, std::size_t n) const {
  std::map<std::vector<double>, std::map<double, std::vector<std::size_t>>> solutions;  // rest, first, points
  for (std::size_t i = 0; i < n; ++i) {
    std::vector<double> rest;
    for (std::size_t k = 1; k < inputs.size() / n; ++k) rest.push_back(inputs[k * n + i]);
    solutions[rest][inputs[i]].push_back(i);
  }

  const std::size_t coords = physics_.coords.size(), outputs = physics_.outputs.size();
  std::vector<double> answers(outputs * n);
  for (const auto& [rest, by_first] : solutions) {
    Grid grid{{{}}};
    for (const auto& [first, points] : by_first) grid.axes[0].push_back(first);
    for (std::size_t c = 1; c < coords; ++c) grid.axes.push_back({rest[c - 1]});
    const std::vector<double> rows = on(grid, std::span(rest).subspan(coords - 1));
    std::size_t column = 0;
    for (const auto& [first, points] : by_first) {
      for (const std::size_t i : points)
        for (std::size_t o = 0; o < outputs; ++o) answers[o * n + i] = rows[o * by_first.size() + column];
      ++column;
    }
  }
  return answers;
}

}  // namespace residua
