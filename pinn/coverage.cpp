#include "pinn/coverage.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "pinn/export.hpp"
#include "pinn/plot.hpp"
#include "pinn/reference.hpp"

namespace residua {

std::vector<std::string> coverage(const Surrogate& surrogate, const Problem& problem, int cases, std::uint64_t seed) {
  const std::vector<int>& design = problem.design();
  if (design.empty() || !find_reference(problem.physics().name)) return {};
  const auto params = validation_cases(problem, cases, seed);
  const auto errors = judge(problem, predictor_of(surrogate, problem), cases, seed).case_errors;
  const auto value_of = [&](std::size_t c, int input) { return params[c][std::size_t(input)]; };
  const auto label = [&](int input) {
    const Quantity& q = problem.physics().params[std::size_t(input)];
    return axis_label(q.name, q.unit);
  };
  std::vector<std::string> panels;
  for (std::size_t d = 0; d < design.size(); d += 2) {
    const int x = design[d], y = d + 1 < design.size() ? design[d + 1] : design.front();
    ColouredPoints chart{fmt::format("{}: error of unseen cases", problem.physics().name),
                         label(x),
                         x == y ? "relative error" : label(y),
                         "relative error, worst output",
                         {},
                         {},
                         {}};
    for (std::size_t c = 0; c < params.size(); ++c) {
      chart.values.push_back(std::max(errors[c], 1e-16));
      chart.x.push_back(value_of(c, x));
      chart.y.push_back(x == y ? chart.values.back() : value_of(c, y));
    }
    panels.push_back(chart.script());
  }
  return panels;
}

}  // namespace residua
