#pragma once
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "kernels/catalog.hpp"
#include "kernels/fused.hpp"

namespace residua::bench {

/// A network with random weights, and random points inside the default ranges of a physics, dimensionless.
struct Problem {
  TermId term;
  const PhysicsInfo* physics;
  MlpShape shape;
  std::int64_t n = 0;
  std::vector<double> weights, center, scale;
  std::vector<double> coords, design, params;  ///< as in Points
  std::vector<int> design_row;

  int designs() const { return shape.inputs - physics->features; }
};

/// For the first term of a physics, its interior. With `design`, every parameter that has a range is a design input.
Problem random_problem(std::string_view physics, std::int64_t n, int width, int depth, bool design);

/// A problem in the precision S, as the kernels want it. Not to be copied: the arguments point into it.
template <class S>
struct Cast {
  std::vector<S> weights, center, scale, coords, design, params;
  Network<S> network;
  Points<S> points;

  explicit Cast(const Problem& q)
      : weights(of(q.weights)),
        center(of(q.center)),
        scale(of(q.scale)),
        coords(of(q.coords)),
        design(of(q.design)),
        params(of(q.params)),
        network{q.shape, weights.data(), center.data(), scale.data()},
        points{q.n, coords.data(), design.data(), params.data(), q.design_row.data(), q.designs()} {}
  Cast(const Cast&) = delete;

 private:
  static std::vector<S> of(const std::vector<double>& v) { return {v.begin(), v.end()}; }
};

/// Indices of a few points spread over n, the first and the last among them.
std::vector<std::int64_t> sample_of(std::int64_t n, int count);

}  // namespace residua::bench
