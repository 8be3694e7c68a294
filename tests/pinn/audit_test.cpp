#include "pinn/audit.hpp"

#include <gtest/gtest.h>

#include "kernels/registry.hpp"
#include "surrogates/file.hpp"
#include "surrogates/model.hpp"
#include "tests/surrogates/temporary_folder.hpp"

namespace residua {
namespace {

Surrogate saved_and_loaded(Model model) {
  model.precision = Precision::float64;
  const TemporaryFolder folder;
  save(model, folder / "surrogate.h5");
  return Surrogate(folder / "surrogate.h5");
}

/// A steady kiln whose network says constants: the gas falls by `fall` kK, the bed rises by 0.5 kK, the wall is at 800
/// K, nothing reacts. The bed takes 33 W/K * 500 K, the wall loses 1.6 W/mK * 10 m * (800 - 298) K, the gas gives 120
/// W/K.
Surrogate kiln(double fall) {
  Model model = new_model("kiln_axial_steady", {}, 4, 1);
  const double constants[] = {fall, 0.5, 0, -20};
  std::copy(std::begin(constants), std::end(constants), model.weights.end() - 4);
  return saved_and_loaded(model);
}

constexpr double kTaken = 33 * 500 + 1.6 * 10 * (800 - 298);

/// Default parameters in plant units, some of them replaced.
template <class Ph>
std::vector<double> parameters(std::initializer_list<std::pair<int, double>> replaced = {}) {
  std::vector<double> params;
  for (const Quantity& q : Ph::params) params.push_back(q.value);
  for (const auto& [param, value] : replaced) params[std::size_t(param)] = value;
  return params;
}

double gap_of_kiln(double fall) { return audit(kiln(fall), parameters<physics::KilnAxialSteady>()).value().gap; }

TEST(Audit, OfAKilnIsZeroWhereTheGasGivesWhatIsTaken) { EXPECT_NEAR(gap_of_kiln(kTaken / 120 / 1000), 0, 1e-6); }

TEST(Audit, OfAKilnIsTheShareThatIsMissing) { EXPECT_NEAR(gap_of_kiln(2 * kTaken / 120 / 1000), 0.5, 1e-6); }

TEST(Audit, OfAnotherPhysicsIsNothing) {
  EXPECT_FALSE(audit(saved_and_loaded(new_model("heat_rod", {}, 4, 1)), parameters<physics::HeatRod>()).has_value());
}

TEST(Audit, OfAPartOfTheKilnIsNothing) {
  Model model = new_model("kiln_axial_steady", {}, 4, 1);
  model.card.inputs[0].upper = 0.5;
  EXPECT_FALSE(audit(saved_and_loaded(std::move(model)), parameters<physics::KilnAxialSteady>()).has_value());
}

/// A surrogate at these parameters whose network says nothing, so that the start of its answer stands alone.
template <class Ph>
Surrogate start_alone(const std::vector<double>& params, double upper_time) {
  Model model = new_model(Ph::name, {}, 4, 1);
  model.card.inputs[0].upper = upper_time;
  for (FixedParameter& fixed : model.card.fixed)
    for (std::size_t p = 0; p < params.size(); ++p)
      if (Ph::params[p].name == fixed.name) fixed.value = params[p];
  return saved_and_loaded(std::move(model));
}

template <class Ph>
double gap_of_start(const std::vector<double>& params, double upper_time) {
  return audit(start_alone<Ph>(params, upper_time), params).value().gap;
}

TEST(Audit, OfAWallClosesUntilTheHeatReachesTheShell) {
  using Ph = physics::KilnWall;
  // Flat, of constant conductivity, insulated outside and without radiation: two half-spaces are the solution then.
  const auto params = parameters<Ph>(
      {{Ph::Ri, 1e4}, {Ph::b, 0}, {Ph::eps, 0}, {Ph::epso, 0}, {Ph::ho, 0}, {Ph::Csh, 0}, {Ph::T0, 400}});
  EXPECT_LT(gap_of_start<Ph>(params, 1), 1e-3);
  EXPECT_GT(gap_of_start<Ph>(params, 24), 1e-2);
}

TEST(Audit, OfAColumnClosesWithoutImmobileWater) {
  using Ph = physics::LeachColumn;
  // The answer starts from the front of one porosity, which is the solution where all water is mobile.
  EXPECT_LT(gap_of_start<Ph>(parameters<Ph>({{Ph::beta, 1 - 1e-4}, {Ph::omega, 1e-4}}), 8), 1e-3);
  EXPECT_GT(gap_of_start<Ph>(parameters<Ph>({{Ph::beta, 0.5}, {Ph::omega, 1}}), 8), 1e-2);
}

TEST(Audit, SaysWhatIsKept) {
  const auto params = parameters<physics::LeachColumn>();
  EXPECT_EQ(audit(start_alone<physics::LeachColumn>(params, 8), params).value().what, "solute");
}

}  // namespace
}  // namespace residua
