#include "bench/problem.hpp"

#include <cmath>
#include <random>
#include <string>

namespace residua::bench {

Problem random_problem(std::string_view physics, std::int64_t n, int width, int depth, bool design) {
  Problem q;
  q.physics = &find_physics(physics);
  q.term = {int(q.physics - catalog().data()), 0};
  q.n = n;
  std::mt19937 rng(1);
  std::uniform_real_distribution<double> unit(0, 1);

  // The middle nine tenths: fields of some physics are singular at the start of time.
  const auto points_between = [&](const Quantity& quantity, std::vector<double>& rows) {
    for (std::int64_t i = 0; i < n; ++i)
      rows.push_back((quantity.lower + (quantity.upper - quantity.lower) * (0.05 + 0.9 * unit(rng))) / quantity.scale);
  };
  for (const Quantity& coord : q.physics->coords) points_between(coord, q.coords);
  q.center.assign(std::size_t(q.physics->features), 0);
  q.scale.assign(std::size_t(q.physics->features), 1);
  int designs = 0;
  for (const Quantity& param : q.physics->params) {
    q.params.push_back(param.value / param.scale);
    const bool free = design && param.upper > param.lower;
    q.design_row.push_back(free ? designs++ : -1);
    if (!free) continue;
    points_between(param, q.design);
    q.center.push_back((param.lower + param.upper) / (2 * param.scale));
    q.scale.push_back(2 * param.scale / (param.upper - param.lower));
  }

  q.shape = {q.physics->features + designs, width, depth, int(q.physics->fields.size())};
  for (int l = 0; l < q.shape.layers(); ++l) {
    const double size = (l == depth ? 0.2 : 1) * std::sqrt(3. / q.shape.fan_in(l));  // fields stay physical
    for (int i = 0; i < (q.shape.fan_in(l) + 1) * q.shape.fan_out(l); ++i)
      q.weights.push_back(size * (2 * unit(rng) - 1));
  }
  return q;
}

std::vector<std::int64_t> sample_of(std::int64_t n, int count) {
  std::vector<std::int64_t> sample;
  for (int i = 0; i < count; ++i) sample.push_back((n - 1) * i / (count - 1));
  return sample;
}

}  // namespace residua::bench
