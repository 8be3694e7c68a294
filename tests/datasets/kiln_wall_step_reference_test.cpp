#include "datasets/kiln_wall_step_reference.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "datasets/exact/kiln.hpp"

namespace residua {
namespace {

TEST(KilnWallStepReference, FollowsBothModesOfALinearWall) {
  // Both nodes alike: the mean relaxes with film / capacity, the difference with (film + 2 conductance) / capacity.
  const KilnWallNodes wall{.gas_temperature = 500,
                           .film_coefficient = 20,
                           .conductance = 10,
                           .brick_capacity = 12000,
                           .shell_capacity = 12000,
                           .inner_emissivity = 0,
                           .outer_film = 20,
                           .outer_emissivity = 0,
                           .ambient_temperature = 500};
  const auto found = kiln_wall_step_reference(wall, {900, 700}, {0, 300, 1200});
  EXPECT_EQ(found[0].brick, 900);
  EXPECT_EQ(found[0].shell, 700);
  for (int i = 1; i < 3; ++i) {
    const double t = i == 1 ? 0.5 : 2, mean = 500 + 300 * std::exp(-t), difference = 100 * std::exp(-2 * t);
    EXPECT_NEAR(found[std::size_t(i)].brick, mean + difference, 1e-5);
    EXPECT_NEAR(found[std::size_t(i)].shell, mean - difference, 1e-5);
  }
}

TEST(KilnWallStepReference, CoolsByRadiationAsTheClosedFormSays) {
  // The golden case of lumped radiation: 1200 K to 700 K in 79.29524 s at a rate of 1e-11 and 300 K around.
  const double capacity = exact::kStefanBoltzmann * 1e11;
  const KilnWallNodes wall{.gas_temperature = 300,
                           .film_coefficient = 0,
                           .conductance = 0,
                           .brick_capacity = capacity,
                           .shell_capacity = 2 * capacity,
                           .inner_emissivity = 1,
                           .outer_film = 0,
                           .outer_emissivity = 1,
                           .ambient_temperature = 300};
  const auto found = kiln_wall_step_reference(wall, {1200, 1200}, {79.29524, 2 * 79.29524});
  EXPECT_NEAR(found[0].brick, 700, 1e-4);
  EXPECT_NEAR(found[1].shell, 700, 1e-4);
}

}  // namespace
}  // namespace residua
