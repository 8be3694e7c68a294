#include "pinn/residual_map.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "kernels/fused.hpp"
#include "pinn/validation.hpp"

namespace residua {
namespace {

constexpr std::size_t kPoints = 60;  ///< along each coordinate

std::string label(const Quantity& q) { return axis_label(q.name, q.unit); }

/// Centres of equal cells: no point lies on the boundary, where terms of their own hold.
std::vector<double> centres(const Range& range) {
  std::vector<double> axis;
  for (std::size_t i = 0; i < kPoints; ++i)
    axis.push_back(range.lower + (range.upper - range.lower) * (double(i) + 0.5) / double(kPoints));
  return axis;
}

/// Root mean square of the rows at points of one window of time, coords [coords][n] and params in plant units.
std::vector<double> residuals(const Model& model, const Problem& problem, std::size_t window,
                              std::vector<double> coords, const std::vector<double>& params, std::size_t n) {
  const PhysicsInfo& physics = problem.physics();
  Samples samples{std::int64_t(n), std::move(coords), {}};
  for (std::size_t i = 0; i < samples.coords.size(); ++i) samples.coords[i] /= physics.coords[i / n].scale;
  for (const int p : problem.design())
    samples.design.insert(samples.design.end(), n, params[std::size_t(p)] / physics.params[std::size_t(p)].scale);
  const auto parameters = std::size_t(model.shape.parameters()), inputs = std::size_t(model.shape.inputs);
  const Network<double> network{model.shape, &model.weights[window * parameters], &model.center[window * inputs],
                                &model.scale[window * inputs]};
  const auto equations = std::size_t(physics.terms.front().equations);
  std::vector<double> rows(equations * n), sizes(n);
  evaluate(find_term(physics.name, physics.terms.front().name), network, problem.points(samples), rows.data());
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t e = 0; e < equations; ++e) sizes[i] += rows[e * n + i] * rows[e * n + i] / double(equations);
    sizes[i] = std::sqrt(sizes[i]);
  }
  return sizes;
}

}  // namespace

std::optional<HeatMap> residual_map(const Model& model, const Problem& problem) {
  const PhysicsInfo& physics = problem.physics();
  if (physics.coords.size() < 2 || model.branch) return {};
  const std::vector<double> params = validation_cases(problem, 0, 0).front();
  const int time = time_coord(physics);
  HeatMap map{fmt::format("{}: residual of the equations", physics.name),
              label(physics.coords[0]),
              label(physics.coords[1]),
              "",
              centres(problem.coord_range(0)),
              centres(problem.coord_range(1)),
              {},
              true};
  for (const double x : map.x) {  // a column at a time, so that each has one window
    std::vector<double> coords(kPoints, x);
    coords.insert(coords.end(), map.y.begin(), map.y.end());
    for (std::size_t c = 2; c < physics.coords.size(); ++c)
      coords.insert(coords.end(), kPoints, (problem.coord_range(int(c)).lower + problem.coord_range(int(c)).upper) / 2);
    const auto window = time == 0 ? std::size_t(std::ranges::lower_bound(model.seams, x) - model.seams.begin()) : 0;
    const auto column = residuals(model, problem, window, std::move(coords), params, kPoints);
    map.values.insert(map.values.end(), column.begin(), column.end());
  }
  return map;
}

}  // namespace residua
