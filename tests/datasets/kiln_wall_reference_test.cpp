#include "datasets/kiln_wall_reference.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "datasets/exact/kiln.hpp"
#include "kernels/core/error.hpp"

namespace residua {
namespace {

// A convective step from the outside only, on one side at a time.
KilnWall plain() {
  return {.gas_temperature = 1200,
          .film_coefficient = 0,
          .thickness = 1,
          .conductivity = 2,
          .conductivity_slope = 0,
          .heat_capacity = 5e5,
          .inner_radius = 1,
          .inner_emissivity = 0,
          .shell_capacity = 0,
          .outer_film = 0,
          .outer_emissivity = 0,
          .ambient_temperature = 400,
          .initial_temperature = 1000};
}

double order_of(const std::vector<double>& errors) { return std::log2(errors[errors.size() - 2] / errors.back()); }

TEST(KilnWallReference, ConvergesAtSecondOrderToTheConvectiveCylinder) {
  // A brick around a vanishing hole is a solid cylinder, cooled from outside.
  KilnWall wall = plain();
  wall.inner_radius = 1e-9;
  wall.outer_film = 2;  // Bi = 1
  const std::vector<double> positions{.3, .7, 1};
  const double alpha = wall.conductivity / wall.heat_capacity;
  std::vector<double> errors;
  for (int cells : {20, 40, 80, 160}) {
    const auto found = kiln_wall_reference(wall, {.1 / alpha, .5 / alpha}, positions, {.cells = cells, .grading = 0});
    double error = 0;
    for (std::size_t i = 0; i < 2; ++i)
      for (std::size_t j = 0; j < positions.size(); ++j)
        error = std::max(error, std::abs((found[i * 3 + j] - 400) / 600 -
                                         exact::convective_cylinder(1, i == 0 ? .1 : .5, positions[j])));
    errors.push_back(error);
  }
  EXPECT_NEAR(order_of(errors), 2, .15) << errors.back();
  EXPECT_LT(errors.back(), 2e-5);
}

TEST(KilnWallReference, AThinWallHeatedFromInsideIsTheConvectiveSlab) {
  KilnWall wall = plain();
  wall.inner_radius = 1e5;  // curvature 1e-5
  wall.film_coefficient = 2;
  const double alpha = wall.conductivity / wall.heat_capacity;
  const auto found = kiln_wall_reference(wall, {.01 / alpha, .5 / alpha}, {0, .4, 1}, {.cells = 300});
  for (std::size_t i = 0; i < 2; ++i)
    for (std::size_t j = 0; j < 3; ++j) {
      const double x = 1 - std::vector{0.0, .4, 1.0}[j];  // from the insulated face
      EXPECT_NEAR((1200 - found[i * 3 + j]) / 200, exact::convective_slab(1, i == 0 ? .01 : .5, x), 3e-5);
    }
}

TEST(KilnWallReference, ReachesTheKirchhoffSteadyStateExactly) {
  KilnWall wall = plain();
  wall.inner_radius = .2055;
  wall.thickness = .093;
  wall.conductivity = .2475;
  wall.conductivity_slope = 5.85e-4;
  wall.film_coefficient = 1e9;  // faces held at 900 K and 450 K
  wall.outer_film = 1e9;
  wall.gas_temperature = 900;
  wall.ambient_temperature = 450;
  const exact::Conductor brick{.2475, 5.85e-4, .2055, .2985, 900, 450};
  const auto found = kiln_wall_reference(wall, {1e8}, {0, .25, .5, 1}, {.cells = 100});
  EXPECT_NEAR(found[2], 664.7150, 5e-4);
  for (std::size_t j = 0; j < 4; ++j) {
    const double x = std::vector{0.0, .25, .5, 1.0}[j];
    EXPECT_NEAR(found[j], exact::kirchhoff_cylinder(brick, .2055 + .093 * x), 1e-3);
  }
}

TEST(KilnWallReference, AnEagerShellRadiatesLikeALump) {
  // The shell alone: a brick that neither stores nor takes heat.
  KilnWall wall = plain();
  wall.heat_capacity = 1e-3;
  wall.thickness = .01;
  wall.conductivity = 50;
  wall.shell_capacity = 4e4;
  wall.outer_emissivity = .8;
  wall.ambient_temperature = 300;
  wall.initial_temperature = 1200;
  const double rate = .8 * exact::kStefanBoltzmann / 4e4;
  for (double t : {50.0, 400.0, 3000.0})
    EXPECT_NEAR(kiln_wall_reference(wall, {t}, {1})[0], exact::radiation_temperature(rate, 300, 1200, t), 1e-3);
}

TEST(KilnWallReference, SelfConvergesWithEveryTermAtWork) {
  const KilnWall brick{.gas_temperature = 1350,
                       .film_coefficient = 40,
                       .thickness = .2,
                       .conductivity = 1.4,
                       .conductivity_slope = 3e-4,
                       .heat_capacity = 2.2e6,
                       .inner_radius = 1,
                       .inner_emissivity = .5,
                       .shell_capacity = 7.6e4,
                       .outer_film = 12,
                       .outer_emissivity = .8,
                       .ambient_temperature = 298,
                       .initial_temperature = 320};
  const std::vector<double> times{60, 3600, 36000, 360000}, positions{0, .05, .3, .7, 1};
  const auto finest = kiln_wall_reference(brick, times, positions, {.cells = 800});
  std::vector<double> errors;
  for (int cells : {50, 100, 200}) {
    const auto found = kiln_wall_reference(brick, times, positions, {.cells = cells});
    double error = 0;
    for (std::size_t i = 0; i < found.size(); ++i) error = std::max(error, std::abs(found[i] - finest[i]));
    errors.push_back(error);
  }
  EXPECT_NEAR(order_of(errors), 2, .25) << errors[0] << " " << errors[1] << " " << errors[2];
  EXPECT_LT(errors.back(), .05);  // kelvin
}

TEST(KilnWallReference, RefusesWrongInput) {
  KilnWall wall = plain();
  EXPECT_THROW(kiln_wall_reference(wall, {1}, {1.2}), Error);
  EXPECT_THROW(kiln_wall_reference(wall, {2, 1}, {1}), Error);
  wall.thickness = 0;
  EXPECT_THROW(kiln_wall_reference(wall, {1}, {1}), Error);
}

}  // namespace
}  // namespace residua
