#include "datasets/exact/adr.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "datasets/exact/erfcx.hpp"
#include "kernels/core/error.hpp"

namespace residua::exact {
namespace {

// Golden numbers: printed digits of independent evaluations (physics specification of leach transport, section 3).
constexpr double kLength = 0.1;
constexpr Adr kSteep{1e-5, 1e-8};  // Pe = 100
constexpr Adr kMild{1e-5, 1e-7};   // Pe = 10
constexpr double kPoreVolume = 1e4;

TEST(Erfcx, MatchesItsIntegralAndNeverOverflows) {
  EXPECT_NEAR(erfcx(0), 1, 1e-15);
  EXPECT_NEAR(erfcx(1), 0.427583576155807, 1e-14);                    // NIST DLMF table 7.23
  EXPECT_NEAR(erfcx(11.999) / erfcx(12.001), 12.001 / 11.999, 5e-6);  // 1/y to leading order across the seam
  EXPECT_NEAR(erfcx(1e8) * 1e8 * std::sqrt(M_PI), 1, 1e-14);
  EXPECT_NEAR(exp_erfc(1000, 32), std::exp(1000 - 1024) * erfcx(32), 1e-25);
}

TEST(Adr, ReproducesTheGoldenBreakthroughAtPeclet100) {
  struct Row {
    double t, a1, a2, a3, a4;
  };
  for (const Row& row : {Row{.8, 0.0649161642181, 0.0559665364721, 0.0738657919642, 0.0638743661722},
                         Row{.9, 0.249261509507, 0.226714956305, 0.271808062709, 0.247956191470},
                         Row{1.0, 0.528070496372, 0.499726064723, 0.55641492802, 0.527925659253},
                         Row{1.1, 0.772246610254, 0.750743745512, 0.793749474996, 0.773166052179},
                         Row{1.2, 0.913796560897, 0.902623387791, 0.924969734004, 0.914761661020}}) {
    const double t = row.t * kPoreVolume;
    EXPECT_NEAR(adr_first_type(kSteep, kLength, t), row.a1, 1e-12);
    EXPECT_NEAR(adr_third_type(kSteep, kLength, t), row.a2, 1e-12);
    EXPECT_NEAR(adr_finite(kSteep, Inlet::first_type, kLength, kLength, t), row.a3, 1e-10);
    EXPECT_NEAR(adr_finite(kSteep, Inlet::third_type, kLength, kLength, t), row.a4, 1e-10);
  }
}

TEST(Adr, ReproducesTheGoldenValuesAtPeclet10) {
  EXPECT_NEAR(adr_first_type(kMild, kLength, kPoreVolume), .585288859163, 1e-12);
  EXPECT_NEAR(adr_third_type(kMild, kLength, kPoreVolume), .493058073730, 1e-12);
  EXPECT_NEAR(adr_finite_first_type_series(kMild, kLength, kLength, kPoreVolume), .677519644389, 1e-12);
  EXPECT_NEAR(adr_finite_third_type_series(kMild, kLength, kLength, kPoreVolume), .580332676869, 1e-12);
  EXPECT_NEAR(adr_finite_third_type_series(kMild, kLength, kLength / 2, kPoreVolume), .878066812549, 1e-12);
  EXPECT_NEAR(adr_finite(kMild, Inlet::third_type, kLength, kLength / 2, kPoreVolume), .878066812549, 1e-10);
}

TEST(Adr, SeriesAndTransformAgreeOnTheFiniteColumn) {
  for (double t : {1.5, 2.0, 3.0})
    for (double x : {0.0, .05, .1}) {
      const double time = t * kPoreVolume;
      EXPECT_NEAR(adr_finite_first_type_series(kSteep, kLength, x, time),
                  adr_finite(kSteep, Inlet::first_type, kLength, x, time), 1e-9);
      EXPECT_NEAR(adr_finite_third_type_series(kSteep, kLength, x, time),
                  adr_finite(kSteep, Inlet::third_type, kLength, x, time), 1e-9);
    }
}

TEST(Adr, ReproducesTheGoldenValuesWithDecay) {
  const Adr column{1e-5, 1e-7, 3, 2e-5};
  const std::array times{1e4, 2e4, 4e4};
  const std::array first{.335724001604, .724830557351, .888781317979};
  const std::array third{.219542325095, .622359094198, .856722103648};
  for (std::size_t i = 0; i < times.size(); ++i) {
    EXPECT_NEAR(adr_first_type(column, .05, times[i]), first[i], 1e-11);
    EXPECT_NEAR(adr_third_type(column, .05, times[i]), third[i], 1e-11);
  }
}

TEST(Adr, TendsToTheSolutionWithoutDecayAsDecayFalls) {
  for (double decay : {1e-7, 1e-9, 1e-11, 1e-13}) {  // across the switch from the closed form to the transform
    const Adr slow{1e-5, 1e-7, 3, decay};
    const double without = adr_third_type({1e-5, 1e-7, 3}, .05, 2e4);
    EXPECT_NEAR(adr_third_type(slow, .05, 2e4), without, 2e4 * decay + 1e-10) << decay;
    EXPECT_LE(adr_third_type(slow, .05, 2e4), without + 1e-10);
  }
}

TEST(Adr, AFarOutletChangesNothing) {
  for (double x : {0.0, .03, .1})
    for (double t : {2e3, 1e4, 3e4}) {
      EXPECT_NEAR(adr_finite(kMild, Inlet::first_type, 1, x, t), adr_first_type(kMild, x, t), 1e-9);
      EXPECT_NEAR(adr_finite(kMild, Inlet::third_type, 1, x, t), adr_third_type(kMild, x, t), 1e-9);
    }
}

TEST(Adr, RefusesWhatItCannotSum) {
  EXPECT_THROW(adr_finite_third_type_series(kSteep, kLength, kLength, 100), Error);  // before the front
  EXPECT_NEAR(adr_finite(kSteep, Inlet::third_type, kLength, kLength, 100), 0, 1e-10);
  EXPECT_THROW(adr_first_type({0, 1e-8}, .1, 1), Error);
  EXPECT_THROW(adr_finite_third_type_series({1e-5, 1e-7, 1, 1e-6}, kLength, kLength, 1e4), Error);
}

}  // namespace
}  // namespace residua::exact
