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

template <class S>
std::vector<S> draw(std::int64_t n, std::vector<S> lower, std::vector<S> upper, std::uint32_t stream = 0,
                    std::uint64_t first = 0) {
  std::vector<S> rows(lower.size() * std::size_t(n));
  const UniformPoints<S> points{n, int(lower.size()), lower.data(), upper.data(), rows.data(), 42, stream, first};
  for (std::int64_t i = 0; i < n; ++i) points.draw(i);
  return rows;
}

template <class S>
struct Sampler : testing::Test {};
using Precisions = testing::Types<float, double>;
TYPED_TEST_SUITE(Sampler, Precisions);

TYPED_TEST(Sampler, FillsEveryRowEvenlyWithinItsRange) {
  using S = TypeParam;
  constexpr std::int64_t n = 40000;
  const std::vector<S> lower{0, -3, S(0.1)}, upper{1, 5, S(0.1)};
  const auto rows = draw<S>(n, lower, upper);
  for (std::size_t d = 0; d < 2; ++d) {
    double mean = 0, square = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const double u = (double(rows[d * n + i]) - lower[d]) / (upper[d] - lower[d]);
      ASSERT_GT(u, 0);
      ASSERT_LT(u, 1);
      mean += u / n;
      square += u * u / n;
    }
    // Five standard deviations of the mean of n values of u (variance 1/12) and of u^2 (variance 4/45).
    EXPECT_NEAR(mean, 1 / 2., 5 * std::sqrt(1 / 12. / n));
    EXPECT_NEAR(square, 1 / 3., 5 * std::sqrt(4 / 45. / n));
  }
  for (std::size_t i = 0; i < n; ++i) ASSERT_NEAR(rows[2 * n + i], S(0.1), 1e-7);
}

TYPED_TEST(Sampler, RowsAndStreamsAreUncorrelated) {
  using S = TypeParam;
  constexpr std::size_t n = 40000;
  const std::vector<S> zero(4, 0), one(4, 1);
  const auto a = draw<S>(n, zero, one, 0), b = draw<S>(n, zero, one, 1);
  const auto correlation = [&](const S* x, const S* y) {
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i) sum += (double(x[i]) - 0.5) * (double(y[i]) - 0.5) * 12 / n;
    return sum;
  };
  for (std::size_t d = 0; d < 4; ++d) {
    EXPECT_LT(std::abs(correlation(&a[d * n], &b[d * n])), 5 / std::sqrt(n)) << d;
    for (std::size_t e = 0; e < d; ++e) EXPECT_LT(std::abs(correlation(&a[d * n], &a[e * n])), 5 / std::sqrt(n));
  }
}

TYPED_TEST(Sampler, ContinuesWhereTheLastBatchEnded) {
  using S = TypeParam;
  const std::vector<S> lower{0, 0, 0}, upper{1, 2, 3};
  const auto whole = draw<S>(10, lower, upper), tail = draw<S>(4, lower, upper, 0, 6);
  for (std::size_t d = 0; d < 3; ++d)
    for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(tail[d * 4 + i], whole[d * 10 + 6 + i]);
}

}  // namespace
}  // namespace residua::cuda
