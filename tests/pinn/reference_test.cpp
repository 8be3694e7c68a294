// References in plant units of the physics, against golden numbers of the physics specifications.
#include "pinn/reference.hpp"

#include <gtest/gtest.h>

namespace residua {
namespace {

TEST(Reference, OfCoolingBodiesHasTheGoldenValues) {
  const std::vector<double> biot = {1};
  const Grid grid{{{0, 0.5}, {0, 1}}};
  const auto slab = find_reference("slab_cooling")->solve(biot, grid);
  const auto cylinder = find_reference("cylinder_cooling")->solve(biot, grid);
  EXPECT_EQ(slab[0], 1);
  EXPECT_EQ(cylinder[1], 1);
  EXPECT_NEAR(slab[2], .772526, 5e-7);
  EXPECT_NEAR(slab[3], .504522, 5e-7);
  EXPECT_NEAR(cylinder[2], .548586, 5e-7);
  EXPECT_NEAR(cylinder[3], .352786, 5e-7);
}

TEST(Reference, OfAWallHasTheGoldenTemperatureAndTheLimitOfAFlatWall) {
  const auto solve = [](double slope, double ratio) {
    const std::vector<double> brick = {900, 450, slope, ratio};
    return find_reference("wall_conduction")->solve(brick, {{{0, 0.5, 1}}});
  };
  const auto curved = solve(5.85e-4, .2985 / .2055);
  EXPECT_NEAR(curved[0], 900, 1e-9);
  EXPECT_NEAR(curved[1], 664.7150, 5e-5);
  EXPECT_NEAR(curved[2], 450, 1e-9);
  EXPECT_NEAR(solve(0, .2985 / .2055)[1], 654.1214, 5e-5);
  EXPECT_NEAR(solve(5.85e-4, 1)[1], solve(5.85e-4, 1 + 1e-9)[1], 1e-5);
}

TEST(Reference, OfARadiatingBodyMeetsTheGoldenTime) {
  const std::vector<double> body = {1e-11, 1200, 300};
  const auto temperature = find_reference("radiation_cooling")->solve(body, {{{0, 79.29524}}});
  EXPECT_EQ(temperature[0], 1200);
  EXPECT_NEAR(temperature[1], 700, 2e-5);
}

TEST(Reference, OfAFrontHasTheGoldenBreakthroughAndHoldsTheInlet) {
  const std::vector<double> steep = {100}, mild = {10};
  const Reference& front = *find_reference("ogata_banks");
  const auto outlet = front.solve(steep, {{{.8, .9, 1, 1.1, 1.2}, {1}}});
  const double expected[] = {0.0649161642181, 0.249261509507, 0.528070496372, 0.772246610254, 0.913796560897};
  for (int i = 0; i < 5; ++i) EXPECT_NEAR(outlet[std::size_t(i)], expected[i], 1e-12);
  EXPECT_NEAR(front.solve(mild, {{{1}, {1}}})[0], .585288859163, 1e-12);
  EXPECT_EQ(front.solve(steep, {{{0, 1}, {0, 1.25}}})[0], 1);
  EXPECT_EQ(front.solve(steep, {{{0, 1}, {0, 1.25}}})[1], 0);
  EXPECT_NEAR(front.solve(steep, {{{1}, {0}}})[0], 1, 1e-15);
}

}  // namespace
}  // namespace residua
