#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/cuda/sampler.hpp"

namespace residua::cuda {
namespace {

/// The known answers that come with Random123, the authors' library (kat_vectors, philox 4x32 10).
TEST(Philox, GivesTheKnownAnswersOfItsAuthors) {
  const auto expect = [](const Philox& x, std::vector<std::uint32_t> words) {
    EXPECT_TRUE(std::equal(words.begin(), words.end(), x.word));
  };
  expect(Philox::at(0, 0, 0), {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  expect(Philox::at(~0ull, ~0ull, ~0ull), {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  expect(Philox::at(0x85a308d3243f6a88, 0x0370734413198a2e, 0x299f31d0a4093822),
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

/// Rows [axes][n] of one step.
template <class S>
std::vector<S> draw(std::int64_t n, const std::vector<Axis>& axes, std::uint32_t stream = 0, std::int64_t step = 0) {
  std::vector<S> rows(axes.size() * std::size_t(n));
  const Clock clock{step, 0};
  const PointSampler<S> sampler{.n = n,
                                .rows_drawn = int(axes.size()),
                                .axes = axes.data(),
                                .rows = rows.data(),
                                .clock = &clock,
                                .dims = 4,
                                .seed = 42,
                                .stream = stream};
  for (std::int64_t i = 0; i < n; ++i) sampler(i);
  return rows;
}

template <class S>
struct Sampler : testing::Test {};
using Precisions = testing::Types<float, double>;
TYPED_TEST_SUITE(Sampler, Precisions);

TYPED_TEST(Sampler, FillsEveryRowEvenlyWithinItsRange) {
  using S = TypeParam;
  constexpr std::int64_t n = 40000;
  const std::vector<Axis> axes{{0, 0, 2, 2}, {1, -3, 5}, {-1, 0.3, 0, 3}};
  const auto rows = draw<S>(n, axes);
  for (std::size_t d = 0; d < 2; ++d) {
    double mean = 0, square = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const double u = (double(rows[d * n + i]) * axes[d].scale - axes[d].lower) / (axes[d].upper - axes[d].lower);
      ASSERT_GE(u, 0);
      ASSERT_LE(u, 1);
      mean += u / n;
      square += u * u / n;
    }
    // Five standard deviations of the mean of n values of u (variance 1/12) and of u^2 (variance 4/45).
    EXPECT_NEAR(mean, 1 / 2., 5 * std::sqrt(1 / 12. / n));
    EXPECT_NEAR(square, 1 / 3., 5 * std::sqrt(4 / 45. / n));
  }
  for (std::size_t i = 0; i < n; ++i) ASSERT_NEAR(rows[2 * n + i], S(0.1), 1e-7);
}

TYPED_TEST(Sampler, RowsStreamsAndStepsAreUncorrelated) {
  using S = TypeParam;
  constexpr std::size_t n = 40000;
  const std::vector<Axis> axes{{0, 0, 1}, {1, 0, 1}, {2, 0, 1}, {3, 0, 1}};
  const auto a = draw<S>(n, axes), b = draw<S>(n, axes, 1), c = draw<S>(n, axes, 0, 1);
  const auto correlation = [&](const S* x, const S* y) {
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i) sum += (double(x[i]) - 0.5) * (double(y[i]) - 0.5) * 12 / n;
    return sum;
  };
  for (std::size_t d = 0; d < 4; ++d) {
    EXPECT_LT(std::abs(correlation(&a[d * n], &b[d * n])), 5 / std::sqrt(n)) << d;
    EXPECT_LT(std::abs(correlation(&a[d * n], &c[d * n])), 5 / std::sqrt(n)) << d;
    for (std::size_t e = 0; e < d; ++e) EXPECT_LT(std::abs(correlation(&a[d * n], &a[e * n])), 5 / std::sqrt(n));
  }
}

TYPED_TEST(Sampler, GoesOnInItsSequenceFromStepToStep) {
  using S = TypeParam;
  const std::vector<Axis> axes{{0, 0, 1}, {1, 0, 2}, {2, 0, 3}};
  const auto whole = draw<S>(10, axes), second = draw<S>(5, axes, 0, 1);
  for (std::size_t d = 0; d < 3; ++d)
    for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(second[d * 5 + i], whole[d * 10 + 5 + i]);
}

TYPED_TEST(Sampler, ShiftsALatticeByAnotherAmountInEachTurn) {
  using S = TypeParam;
  const std::vector<Axis> axes{{1, 10, 12}, {0, 0, 4, 1, 2}, {-1, 7}};
  const std::vector<double> lattice{0, 0.5, 0.25, 0.75}, shifts{0, 0, 0.5, 0.25};  // [dims][n], [turns][dims]
  std::vector<S> rows(6);
  for (const std::int64_t turn : {0, 1}) {
    const Clock clock{100, turn};
    const PointSampler<S> sampler{.n = 2,
                                  .rows_drawn = 3,
                                  .axes = axes.data(),
                                  .rows = rows.data(),
                                  .clock = &clock,
                                  .lattice = lattice.data(),
                                  .shifts = shifts.data(),
                                  .dims = 2};
    for (std::int64_t i = 0; i < 2; ++i) sampler(i);
    EXPECT_EQ(rows, turn == 0 ? (std::vector<S>{10.5, 11.5, 0, 1, 7, 7}) : (std::vector<S>{11, 10, 1, 0, 7, 7}));
  }
}

}  // namespace
}  // namespace residua::cuda
