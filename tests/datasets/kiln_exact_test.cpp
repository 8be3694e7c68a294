#include <gtest/gtest.h>

#include <cmath>

#include "datasets/exact/erfcx.hpp"
#include "datasets/exact/kiln.hpp"
#include "kernels/core/error.hpp"

namespace residua::exact {
namespace {

// Golden numbers: physics specification of kiln heat transfer, section 5, to the digits printed there.
TEST(KilnExact, CounterCurrentExchangerHasItsGoldenEnds) {
  const CounterCurrent kiln{60, 90, 20, 5.5, 300, 1100};
  EXPECT_NEAR(counter_current(kiln, 0).gas, 922.2226, 5e-5);
  EXPECT_NEAR(counter_current(kiln, 5.5).bed, 1099.9983, 5e-5);
  EXPECT_NEAR(counter_current(kiln, 0).bed, 300, 1e-10);
  EXPECT_NEAR(counter_current(kiln, 5.5).gas, 1100, 1e-9);
}

TEST(KilnExact, BalancedExchangerIsTheLimitOfUnbalancedOnes) {
  const GasBed balanced = counter_current({10, 50, 50, 4, 300, 900}, 1.5);
  const GasBed near = counter_current({10, 50, 50 * (1 + 1e-9), 4, 300, 900}, 1.5);
  EXPECT_NEAR(balanced.gas, near.gas, 1e-5);
  EXPECT_NEAR(balanced.gas - balanced.bed, 600 / (1 + 10 * 4 / 50.0), 1e-9);
}

TEST(KilnExact, ExchangerWithWallHasItsGoldenEnds) {
  const WallExchanger kiln{9.42, 8.37, 50.4, 1.6, 298, 90, 20, 5.5, 300, 1100};
  EXPECT_NEAR(wall_exchanger(kiln, 0).gas, 888.43360, 5e-6);
  EXPECT_NEAR(wall_exchanger(kiln, 5.5).bed, 1013.35043, 5e-6);
  const GasBedWall middle = wall_exchanger(kiln, 2);
  EXPECT_NEAR(8.37 * (middle.gas - middle.wall), 50.4 * (middle.wall - middle.bed) + 1.6 * (middle.wall - 298), 1e-8);
}

TEST(KilnExact, DynamicExchangerHasItsGoldenResponse) {
  const DynamicExchanger kiln{2, 1, 1.5, 1, 2};
  EXPECT_NEAR(dynamic_exchanger_outlets(kiln, 6).bed, .71926, 5e-6);
  EXPECT_NEAR(dynamic_exchanger_outlets(kiln, 6).gas, .45690, 5e-6);
  EXPECT_NEAR(dynamic_exchanger_outlets(kiln, 40).bed, .721827, 5e-7);
  EXPECT_NEAR(dynamic_exchanger_outlets(kiln, 40).gas, .458630, 5e-7);
  EXPECT_THROW(dynamic_exchanger_outlets(kiln, 2.9), Error);
}

TEST(KilnExact, ConvectiveStepHasItsGoldenValues) {
  EXPECT_NEAR(convective_slab(1, .5, 0), .772526, 5e-7);
  EXPECT_NEAR(convective_slab(1, .5, 1), .504522, 5e-7);
  EXPECT_NEAR(convective_cylinder(1, .5, 0), .548586, 5e-7);
  EXPECT_NEAR(convective_cylinder(1, .5, 1), .352786, 5e-7);
  EXPECT_NEAR(convective_slab(20, 1e-3, 0), 1, 1e-9);  // the middle has not felt it yet
  EXPECT_THROW(convective_slab(1, 1e-7, 0), Error);
}

TEST(KilnExact, ConvectiveStepStartsAsAHalfSpace) {
  EXPECT_EQ(convective_slab(1, 0, 1), 1);
  EXPECT_EQ(convective_cylinder(1, 0, 1), 1);
  for (double biot : {.1, 1.0, 10.0})
    for (double fourier : {1e-6, 1e-5, 1e-4}) {
      const double reach = std::sqrt(fourier), z = biot * reach, flat = erfcx(z);  // Carslaw & Jaeger 1959, 2.7
      EXPECT_NEAR(convective_slab(biot, fourier, 1), flat, 1e-12);
      // A curved face cools faster, to first order by (L / 2) with the Laplace transform Bi / (s (sqrt(s) + Bi)^2).
      const double lag = (1 - flat) / biot + reach * (2 * z * flat - 2 / std::sqrt(M_PI));
      EXPECT_NEAR(convective_cylinder(biot, fourier, 1), flat - lag / 2, biot * reach * fourier);
    }
}

TEST(KilnExact, KirchhoffWallHasItsGoldenFlux) {
  const Conductor brick{.2475, 5.85e-4, .2055, .2985, 900, 450};
  EXPECT_NEAR(kirchhoff_cylinder_flux(brick), 2614.671, 5e-4);
  EXPECT_NEAR(kirchhoff_cylinder(brick, .252), 664.7150, 5e-5);
  Conductor constant = brick;
  constant.slope = 0;
  EXPECT_NEAR(kirchhoff_cylinder(constant, .252), 654.1214, 5e-5);
}

TEST(KilnExact, KirchhoffSlabCarriesItsFluxEverywhere) {
  const Conductor slab{1.4, 3e-4, .1, .3, 1300, 400};
  for (double x : {.12, .2, .29}) {
    const double step = 1e-6, t = kirchhoff_slab(slab, x);
    const double slope = (kirchhoff_slab(slab, x + step) - kirchhoff_slab(slab, x - step)) / (2 * step);
    EXPECT_NEAR(-1.4 * (1 + 3e-4 * t) * slope, kirchhoff_slab_flux(slab), 1e-3);
  }
  EXPECT_NEAR(kirchhoff_slab(slab, .1), 1300, 1e-9);
  EXPECT_NEAR(kirchhoff_slab(slab, .3), 400, 1e-9);
}

TEST(KilnExact, LumpedRadiationHasItsGoldenTimeAndInverts) {
  EXPECT_NEAR(radiation_time(1e-11, 300, 1200, 700), 79.29524, 5e-6);
  for (double initial : {1200.0, 150.0})
    for (double t : {1.0, 79.29524, 2000.0}) {
      const double found = radiation_temperature(1e-11, 300, initial, t);
      EXPECT_NEAR(radiation_time(1e-11, 300, initial, found), t, 1e-8 * t);
    }
  EXPECT_NEAR(radiation_temperature(1e-11, 0, 1200, 50), 1200 / std::cbrt(1 + 3e-11 * std::pow(1200, 3) * 50), 1e-9);
  EXPECT_NEAR(radiation_temperature(1e-11, 300, 1200, 1e9), 300, 1e-9);
  EXPECT_THROW(radiation_time(1e-11, 300, 1200, 250), Error);
}

TEST(KilnExact, AdiabaticBedTradesHeatForConversion) { EXPECT_DOUBLE_EQ(adiabatic_temperature(1000, 120, .5), 940); }

}  // namespace
}  // namespace residua::exact
