#include "datasets/leach_reference.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "datasets/exact/adr.hpp"
#include "kernels/core/error.hpp"

namespace residua {
namespace {

using exact::Inlet;
using exact::Mim;

const std::vector<double> kTimes{.3, .7, 1.1, 1.9, 3.0};
const std::vector<double> kDepths{0, .1, .33, .5, .8, 1};

double worst(const LeachField& field, const Mim& column, double length) {
  double error = 0;
  for (std::size_t i = 0; i < kTimes.size(); ++i)
    for (std::size_t j = 0; j < kDepths.size(); ++j) {
      const std::size_t at = i * kDepths.size() + j;
      const auto exact = mim_step_finite(column, Inlet::third_type, length, kDepths[j], kTimes[i]);
      error =
          std::max({error, std::abs(field.mobile[at] - exact.mobile), std::abs(field.immobile[at] - exact.immobile)});
    }
  return error;
}

TEST(LeachReference, ConvergesFasterThanSecondOrderToTheExactMobileImmobileColumn) {
  for (const Mim& column : {Mim{20, 1.6, .55, 2}, Mim{60, 1, .8, .9, .3}}) {
    std::vector<double> errors;
    for (int cells : {50, 100, 200, 400, 800})
      errors.push_back(
          worst(leach_reference(column, kTimes, kDepths, {.cells = cells, .tolerance = 1e-11}), column, 1));
    // Terms of opposite sign make single halvings uneven: judge the order over all of them.
    EXPECT_GT(std::log2(errors.front() / errors.back()) / 4, 2.4);
    EXPECT_LT(errors[3], 2e-6);
    EXPECT_LT(errors.back(), 4e-7);
  }
}

TEST(LeachReference, MeetsBrennersGoldenColumn) {
  const LeachField field = leach_reference({100}, {.8, .9, 1.0, 1.1, 1.2}, {1}, {.cells = 800});
  const std::vector<double> golden{0.0638743661722, 0.247956191470, 0.527925659253, 0.773166052179, 0.914761661020};
  for (std::size_t i = 0; i < golden.size(); ++i) EXPECT_NEAR(field.mobile[i], golden[i], 1e-7);
}

TEST(LeachReference, FluxInsideALongColumnIsTheFirstTypeSolution) {
  const Mim column{50, 1.2, .7, 1};
  const std::vector<double> depths{0, .4, .8};
  const LeachField field = leach_reference(column, {.5, 1.0, 2.0}, depths, {.length = 3, .cells = 1500});
  for (std::size_t i = 0; i < 3; ++i)
    for (std::size_t j = 0; j < depths.size(); ++j)
      EXPECT_NEAR(field.flux[i * 3 + j],
                  mim_step(column, Inlet::first_type, depths[j], std::vector{.5, 1.0, 2.0}[i]).mobile, 1e-6);
}

TEST(LeachReference, APulseIsAStepLessALaterStep) {
  const Mim column{40, 1.3, .7, .8};
  const LeachReferenceOptions options{.length = 3, .cells = 900, .inlet = {{0, 1}, {.75, 0}}};
  const std::vector<double> times{.5, .75, 1.2, 2.4};
  const LeachField field = leach_reference(column, times, {.3, .9}, options);
  for (std::size_t i = 0; i < times.size(); ++i)
    for (std::size_t j = 0; j < 2; ++j) {
      const auto exact = mim_pulse(column, Inlet::third_type, .75, j == 0 ? .3 : .9, times[i]);
      EXPECT_NEAR(field.mobile[i * 2 + j], exact.mobile, 1e-6);
      EXPECT_NEAR(field.immobile[i * 2 + j], exact.immobile, 1e-6);
    }
}

TEST(LeachReference, ARestingColumnOnlyDecays) {
  const LeachField field =
      leach_reference({30, 2, .5, 4, .6}, {0, 1.5}, {1}, {.length = 40, .cells = 800, .inlet = {}, .initial = .9});
  // Far from the inlet: 2 (c/2 + m/2)' = -0.6 (c + m) with c = m.
  EXPECT_NEAR(field.mobile[0], .9, 1e-12);
  const LeachField far =
      leach_reference({30, 2, .5, 4, .6}, {1.5}, {30}, {.length = 40, .cells = 800, .inlet = {}, .initial = .9});
  EXPECT_NEAR(far.mobile[0], .9 * std::exp(-.6 * 1.5), 1e-8);
  EXPECT_NEAR(far.immobile[0], .9 * std::exp(-.6 * 1.5), 1e-8);
}

TEST(LeachReference, RefusesGridsThatWouldOscillateAndWrongInput) {
  EXPECT_THROW(leach_reference({200}, {1}, {1}, {.cells = 100}), Error);
  EXPECT_THROW(leach_reference({20, 1, 1, 2}, {1}, {1}), Error);
  EXPECT_THROW(leach_reference({20}, {1}, {1.5}), Error);
  EXPECT_THROW(leach_reference({20}, {2, 1}, {1}), Error);
}

}  // namespace
}  // namespace residua
