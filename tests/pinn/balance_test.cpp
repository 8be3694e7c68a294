#include "pinn/balance.hpp"

#include <gtest/gtest.h>

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

TEST(EnthalpyClosure, IsZeroWhereTheGasGivesWhatIsTaken) {
  EXPECT_NEAR(enthalpy_closure(kiln(kTaken / 120 / 1000)).value(), 0, 1e-6);
}

TEST(EnthalpyClosure, IsTheShareThatIsMissing) {
  EXPECT_NEAR(enthalpy_closure(kiln(2 * kTaken / 120 / 1000)).value(), 0.5, 1e-6);
}

TEST(EnthalpyClosure, OfThePhysicsWithoutAKilnIsNothing) {
  EXPECT_FALSE(enthalpy_closure(saved_and_loaded(new_model("heat_rod", {}, 4, 1))).has_value());
}

}  // namespace
}  // namespace residua
