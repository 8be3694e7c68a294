#include "pinn/sample_map.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "pinn/plot.hpp"

namespace residua {
namespace {

constexpr std::int64_t kShown = 1500;  ///< points of a term in the picture; more would only cover each other

/// Every so many points, so that at most kShown remain.
std::vector<double> thinned(const std::vector<double>& row) {
  const auto n = std::int64_t(row.size()), stride = std::max<std::int64_t>(1, (n + kShown - 1) / kShown);
  std::vector<double> some;
  for (std::int64_t i = 0; i < n; i += stride) some.push_back(row[std::size_t(i)]);
  return some;
}

/// One row of dimensionless values in plant units.
std::vector<double> row_of(const std::vector<double>& rows, std::size_t row, std::int64_t n, double scale) {
  const auto begin = rows.begin() + std::int64_t(row) * n;
  std::vector<double> values(begin, begin + n);
  for (double& value : values) value *= scale;
  return values;
}

std::string label(const Quantity& q) { return axis_label(q.name, q.unit); }

std::string points_over_coordinates(const std::vector<TermPoints>& points, const PhysicsInfo& physics) {
  LineChart chart(fmt::format("{}: points of each term", physics.name), label(physics.coords[0]),
                  label(physics.coords[1]));
  int colour = 0;
  for (const TermPoints& term : points) {
    const Samples& s = term.samples;
    if (s.n == 0) continue;
    const auto coord = [&](std::size_t c) { return thinned(row_of(s.coords, c, s.n, physics.coords[c].scale)); };
    chart.add(fmt::format("{} ({})", term.term, s.n), coord(0), coord(1), LineChart::Style::points, colour++);
  }
  return chart.script();
}

std::string density_along_inputs(const TermPoints& interior, const Problem& problem) {
  const PhysicsInfo& physics = problem.physics();
  const Samples& s = interior.samples;
  // Bins with some fifty points each: what a lattice of points leaves of chance is then small.
  const auto bins = std::size_t(std::clamp<std::int64_t>(s.n / 50, 2, 24));
  std::vector<double> middles;
  for (std::size_t b = 0; b < bins; ++b) middles.push_back(100 * (double(b) + 0.5) / double(bins));
  LineChart chart(fmt::format("{}: density of the {} points of {}", physics.name, s.n, interior.term),
                  "share of the input's range [%]", "density relative to even");
  int colour = 0;
  const auto add = [&](const Quantity& q, const std::vector<double>& values, const Range& range) {
    chart.add(std::string(q.name), middles, relative_density(values, range, bins), LineChart::Style::line, colour++);
  };
  for (std::size_t c = 0; c < physics.coords.size(); ++c)
    add(physics.coords[c], row_of(s.coords, c, s.n, physics.coords[c].scale), problem.coord_range(int(c)));
  for (std::size_t d = 0; d < problem.design().size(); ++d) {
    const Quantity& q = physics.params[std::size_t(problem.design()[d])];
    add(q, row_of(s.design, d, s.n, q.scale), problem.design_range(int(d)));
  }
  return chart.script();
}

}  // namespace

std::vector<double> relative_density(const std::vector<double>& values, const Range& range, std::size_t bins) {
  std::vector<double> density(bins);
  for (const double value : values) {
    const double share = (value - range.lower) / (range.upper - range.lower);
    const double bin = std::clamp(std::floor(share * double(bins)), 0.0, double(bins - 1));
    density[std::size_t(bin)] += double(bins) / double(values.size());
  }
  return density;
}

std::vector<std::string> sample_map(const std::vector<TermPoints>& points, const Problem& problem) {
  std::vector<std::string> panels;
  if (std::ranges::all_of(points, [](const TermPoints& term) { return term.samples.n == 0; })) return panels;
  if (problem.physics().coords.size() > 1) panels.push_back(points_over_coordinates(points, problem.physics()));
  const TermPoints& first = points.front();
  if (first.term == problem.physics().terms.front().name && first.samples.n > 0)
    panels.push_back(density_along_inputs(first, problem));
  return panels;
}

}  // namespace residua
