#include "datasets/kiln_axial_reference.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "datasets/exact/kiln.hpp"
#include "kernels/core/error.hpp"

namespace residua {
namespace {

const std::vector<double> kPositions{0, .1, .25, .5, .8, 1};

KilnAxial exchanger() {
  return {.length = 5.5, .gas_flow = 90, .bed_flow = 20, .gas_bed = 60, .gas_wall = 0, .wall_bed = 0, .loss = 0};
}

KilnAxial with_wall() {
  return {
      .length = 5.5, .gas_flow = 90, .bed_flow = 20, .gas_bed = 9.42, .gas_wall = 8.37, .wall_bed = 50.4, .loss = 1.6};
}

// Everything at work: radiation between all bodies, loss, an endothermic calcination.
KilnAxial calciner() {
  KilnAxial kiln = with_wall();
  kiln.gas_bed_radiation = .12;
  kiln.gas_wall_radiation = .3;
  kiln.wall_bed_radiation = .25;
  kiln.reaction_heating = 150;
  kiln.activation_energy = 1.2e5;
  kiln.log10_frequency = 5;
  kiln.residence_time = 6600;
  return kiln;
}

double worst(const std::vector<double>& a, const std::vector<double>& b) {
  double error = 0;
  for (std::size_t i = 0; i < a.size(); ++i) error = std::max(error, std::abs(a[i] - b[i]));
  return error;
}

TEST(KilnAxialSteady, ConvergesAtFourthOrderToTheCounterCurrentExchanger) {
  const KilnAxial kiln = exchanger();
  std::vector<double> errors;
  for (int intervals : {20, 40, 80}) {
    const std::vector<double> nodes{0, .25, .5, .75, 1};
    const KilnProfiles found = kiln_axial_steady(kiln, nodes, intervals);
    double error = 0;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      const auto exact = exact::counter_current({60, 90, 20, 5.5, 300, 1100}, 5.5 * nodes[i]);
      error = std::max({error, std::abs(found.gas[i] - exact.gas), std::abs(found.bed[i] - exact.bed)});
    }
    errors.push_back(error);
  }
  EXPECT_NEAR(std::log2(errors[1] / errors[2]), 4, .3) << errors[1] << " " << errors[2];
  const KilnProfiles fine = kiln_axial_steady(kiln, {0, 1});
  EXPECT_NEAR(fine.gas[0], 922.2226, 5e-5);
  EXPECT_NEAR(fine.bed[1], 1099.9983, 5e-5);
}

TEST(KilnAxialSteady, MeetsTheExchangerWithAWall) {
  const KilnProfiles found = kiln_axial_steady(with_wall(), kPositions);
  for (std::size_t i = 0; i < kPositions.size(); ++i) {
    const auto exact = exact::wall_exchanger({9.42, 8.37, 50.4, 1.6, 298, 90, 20, 5.5, 300, 1100}, 5.5 * kPositions[i]);
    EXPECT_NEAR(found.gas[i], exact.gas, 1e-6);
    EXPECT_NEAR(found.bed[i], exact.bed, 1e-6);
    EXPECT_NEAR(found.wall[i], exact.wall, 1e-6);
  }
  EXPECT_NEAR(found.gas.front(), 888.43360, 5e-6);
  EXPECT_NEAR(found.bed.back(), 1013.35043, 5e-6);
  EXPECT_LT(std::abs(found.imbalance[0]), 1e-8);
}

TEST(KilnAxialSteady, AnAdiabaticBedKeepsItsEnthalpy) {
  KilnAxial kiln = exchanger();
  kiln.gas_bed = 0;
  kiln.bed_inlet = 900;
  kiln.reaction_heating = 140;
  kiln.activation_energy = 8e4;
  kiln.log10_frequency = 1.5;
  kiln.residence_time = 3600;
  const KilnProfiles found = kiln_axial_steady(kiln, kPositions);
  EXPECT_GT(found.conversion.back(), .3);
  for (std::size_t i = 0; i < kPositions.size(); ++i)
    EXPECT_NEAR(found.bed[i], exact::adiabatic_temperature(900, 140, found.conversion[i]), 1e-6);
}

TEST(KilnAxialSteady, IsothermalConversionIsExponential) {
  KilnAxial kiln = exchanger();
  kiln.gas_bed = 0;
  kiln.bed_inlet = 800;
  kiln.activation_energy = 1e5;
  kiln.log10_frequency = 3;
  kiln.residence_time = 5000;
  const double rate = 5e6 * std::exp(-1e5 / (8.314462618 * 800));
  const KilnProfiles found = kiln_axial_steady(kiln, kPositions);
  for (std::size_t i = 0; i < kPositions.size(); ++i)
    EXPECT_NEAR(found.conversion[i], 1 - std::exp(-rate * kPositions[i]), 1e-8);
}

TEST(KilnAxialSteady, ClosesItsHeatBalanceAndSelfConverges) {
  const KilnAxial kiln = calciner();
  const KilnProfiles finest = kiln_axial_steady(kiln, kPositions, 1600);
  EXPECT_GT(finest.conversion.back(), .5);
  EXPECT_LT(std::abs(finest.imbalance[0]), 1e-7);
  const KilnProfiles found = kiln_axial_steady(kiln, kPositions, 400);
  EXPECT_LT(worst(found.gas, finest.gas), 1e-3);
  EXPECT_LT(worst(found.bed, finest.bed), 1e-3);
  EXPECT_LT(worst(found.wall, finest.wall), 1e-3);
  EXPECT_LT(worst(found.conversion, finest.conversion), 1e-5);
}

TEST(KilnAxialDynamic, EndsInTheSteadyState) {
  const KilnAxial kiln = calciner();
  const KilnProfiles steady = kiln_axial_steady(kiln, kPositions);
  const KilnProfiles late = kiln_axial_dynamic(kiln, {6, 12}, kPositions, KilnDynamicOptions::from(kiln));
  for (std::size_t i = 0; i < kPositions.size(); ++i) {
    const std::size_t at = kPositions.size() + i;
    EXPECT_NEAR(late.gas[at], steady.gas[i], .02);
    EXPECT_NEAR(late.bed[at], steady.bed[i], .02);
    EXPECT_NEAR(late.wall[at], steady.wall[i], .02);
    EXPECT_NEAR(late.conversion[at], steady.conversion[i], 1e-4);
  }
}

// The dynamic exchanger of the exact solution, scaled so that the bed's residence time is 1: lengths by L, times by
// L/us, g = us/ug; L/Cg U = a L/ug, L/Cs U = b L/us.
KilnAxial stepped(double ug, double us, double a, double b, double length) {
  const double gas_units = a * length / ug, bed_units = b * length / us;
  return {.length = 1,
          .gas_flow = 1 / gas_units,
          .bed_flow = 1 / bed_units,
          .gas_bed = 1,
          .gas_wall = 0,
          .wall_bed = 0,
          .loss = 0,
          .gas_capacity = us / ug,
          .ambient = 0,
          .bed_inlet = 0,
          .gas_inlet = 1};
}

TEST(KilnAxialDynamic, MeetsTheExactStepResponseOfTheExchanger) {
  const KilnAxial kiln = stepped(2, 1, 1.5, 1, 2);
  const KilnDynamicOptions options{.initial_bed = 0, .initial_gas = 0, .intervals = 400};
  const KilnProfiles found = kiln_axial_dynamic(kiln, {3, 10}, {0, 1}, options);  // t = 6 and 20 there
  EXPECT_NEAR(found.bed[1], .71926, 2e-5);
  EXPECT_NEAR(found.gas[0], .45690, 2e-5);
  EXPECT_NEAR(found.bed[3], .721827, 2e-6);
  EXPECT_NEAR(found.gas[2], .458630, 2e-6);
  // Soon after the fronts have left: the fine-grid values of the specification, t = 3 there.
  const KilnProfiles early = kiln_axial_dynamic(kiln, {1.5}, {0, 1}, options);
  EXPECT_NEAR(early.bed[1], .6710, 1e-3);
  EXPECT_NEAR(early.gas[0], .4234, 1e-3);
}

TEST(KilnAxialDynamic, ConvergesAtSecondOrderOrBetterBehindTheFront) {
  const KilnAxial kiln = calciner();
  // Before t = 1 the kink along z = t crosses the bed; z = 0.2 and 0.9 lie on its two sides.
  const std::vector<double> positions{0, .2, .9, 1};
  const auto at = [&](int intervals) {
    KilnDynamicOptions options = KilnDynamicOptions::from(kiln);
    options.intervals = intervals;
    return kiln_axial_dynamic(kiln, {.5, 1.7}, positions, options);
  };
  const KilnProfiles finest = at(1600);
  std::vector<double> errors;
  for (int intervals : {100, 200, 400}) {
    const KilnProfiles found = at(intervals);
    errors.push_back(
        std::max({worst(found.gas, finest.gas), worst(found.bed, finest.bed), worst(found.wall, finest.wall)}));
  }
  EXPECT_GT(std::log2(errors[0] / errors[1]), 1.7) << errors[0] << " " << errors[1] << " " << errors[2];
  EXPECT_GT(std::log2(errors[1] / errors[2]), 1.7) << errors[0] << " " << errors[1] << " " << errors[2];
  EXPECT_LT(errors.back(), .1);  // kelvin
  for (double imbalance : finest.imbalance) EXPECT_LT(std::abs(imbalance), 1e-4);
}

TEST(KilnAxialDynamic, AnAdiabaticBedKeepsItsEnthalpyOnTheWay) {
  KilnAxial kiln = exchanger();
  kiln.gas_bed = 0;
  kiln.bed_inlet = 900;
  kiln.reaction_heating = 140;
  kiln.activation_energy = 8e4;
  kiln.log10_frequency = 1.5;
  kiln.residence_time = 3600;
  for (double gas_capacity : {0.0, .3}) {
    kiln.gas_capacity = gas_capacity;
    const KilnProfiles found = kiln_axial_dynamic(kiln, {.2, .6, 2}, kPositions, KilnDynamicOptions::from(kiln));
    for (std::size_t i = 0; i < found.bed.size(); ++i)
      EXPECT_NEAR(found.bed[i], exact::adiabatic_temperature(900, 140, found.conversion[i]), 1e-3);
    EXPECT_GT(found.conversion.back(), .3);
  }
}

TEST(KilnAxial, RefusesWrongInput) {
  KilnAxial kiln = exchanger();
  EXPECT_THROW(kiln_axial_steady(kiln, {2}), Error);
  EXPECT_THROW(kiln_axial_steady(kiln, {1}, 7), Error);
  EXPECT_THROW(kiln_axial_dynamic(kiln, {2, 1}, {1}, KilnDynamicOptions::from(kiln)), Error);
  kiln.gas_flow = 0;
  EXPECT_THROW(kiln_axial_steady(kiln, {1}), Error);
}

}  // namespace
}  // namespace residua
