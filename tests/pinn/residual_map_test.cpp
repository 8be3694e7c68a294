#include "pinn/residual_map.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace residua {
namespace {

/// A rod whose network says nothing, so that its answer is the start of its transform alone.
std::optional<HeatMap> map_of(const std::string& text) {
  const RunFile run = RunFile::parse(text, "run");
  const Problem problem(run);
  Model model = new_model(run.physics, {}, run.width, run.depth);
  model.center = problem.center();
  model.scale = problem.scale();
  return residual_map(model, problem);
}

TEST(ResidualMap, IsTheEquationAtTheCentresOfCells) {
  const auto map = map_of("physics = 'burgers'\n[network]\nwidth = 4\ndepth = 1\n[envelope]\nviscosity = 0.1\n");
  ASSERT_TRUE(map);
  ASSERT_EQ(map->values.size(), map->x.size() * map->y.size());
  const double pi = std::acos(-1.0);
  for (const std::size_t j : {0u, 17u, 40u}) {  // u = -sin(pi x), for all times
    const double x = map->y[j], expected = pi * std::sin(pi * x) * std::cos(pi * x) - 0.1 * pi * pi * std::sin(pi * x);
    EXPECT_NEAR(map->values[3 * map->y.size() + j], std::abs(expected), 1e-9) << "x = " << x;
  }
}

TEST(ResidualMap, NeedsTwoCoordinates) {
  EXPECT_FALSE(map_of("physics = 'kiln_axial_steady'\n[network]\nwidth = 4\ndepth = 1\n"));
}

}  // namespace
}  // namespace residua
