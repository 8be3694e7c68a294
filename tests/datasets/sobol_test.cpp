#include "datasets/sobol.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "kernels/core/error.hpp"

namespace residua {
namespace {

std::vector<double> points(std::size_t dims, std::uint64_t seed, std::size_t n, std::uint64_t skipped = 0) {
  Sobol sobol(dims, seed);
  sobol.skip(skipped);
  std::vector<double> rows(dims * n);
  sobol.fill(rows.data(), n);
  return rows;
}

TEST(Sobol, IsDeterministicAndDependsOnTheSeed) {
  EXPECT_EQ(points(5, 1, 100), points(5, 1, 100));
  EXPECT_NE(points(5, 1, 100), points(5, 2, 100));
  for (double x : points(64, 3, 1000)) {
    EXPECT_GE(x, 0);
    EXPECT_LT(x, 1);
  }
}

TEST(Sobol, SkippingAndFillingInPiecesGiveTheSamePoints) {
  const auto all = points(3, 9, 50);
  const auto tail = points(3, 9, 20, 30);
  for (std::size_t d = 0; d < 3; ++d)
    for (std::size_t i = 0; i < 20; ++i) EXPECT_EQ(tail[d * 20 + i], all[d * 50 + 30 + i]);
  Sobol sobol(3, 9);
  std::vector<double> first(3 * 30), second(3 * 20);
  sobol.fill(first.data(), 30);
  sobol.fill(second.data(), 20);
  EXPECT_EQ(second, tail);
}

TEST(Sobol, GoesAnywhereAtOnce) {
  // By hand: the points of a one-dimensional sequence are their index's Gray code with its bits reversed.
  constexpr std::uint64_t kFar = (std::uint64_t(1) << 52) + 12345;
  Sobol sobol = Sobol::unshifted(1);
  sobol.skip(kFar);
  double point = 0, expected = 0;
  sobol.fill(&point, 1);
  const std::uint64_t index = kFar + 1, gray = index ^ (index >> 1);  // the origin is left out
  for (int bit = 0; bit < 53; ++bit) expected += double(gray >> bit & 1) * std::ldexp(0.5, -bit);
  EXPECT_EQ(point, expected);
}

TEST(Sobol, FillsEveryStripOfEveryDimensionEvenly) {
  constexpr std::size_t kDims = 64, kPoints = 1024, kStrips = 64;
  const auto rows = points(kDims, 4, kPoints);
  for (std::size_t d = 0; d < kDims; ++d) {
    std::vector<int> count(kStrips, 0);
    for (std::size_t i = 0; i < kPoints; ++i) ++count[static_cast<std::size_t>(rows[d * kPoints + i] * kStrips)];
    for (int c : count) EXPECT_NEAR(c, kPoints / kStrips, 2) << "dimension " << d;
  }
}

TEST(Sobol, IntegratesASmoothFunctionFarBetterThanChanceWould) {
  // Product of 12 x^2 (1-x)... over 6 dimensions has mean 1; random points would err by about 4e-2.
  constexpr std::size_t kDims = 6, kPoints = 4096;
  double error = 0;
  for (std::uint64_t seed : {1, 2, 3, 4}) {
    const auto rows = points(kDims, seed, kPoints);
    double sum = 0;
    for (std::size_t i = 0; i < kPoints; ++i) {
      double product = 1;
      for (std::size_t d = 0; d < kDims; ++d) product *= 6 * rows[d * kPoints + i] * (1 - rows[d * kPoints + i]);
      sum += product;
    }
    error = std::max(error, std::abs(sum / kPoints - 1));
  }
  EXPECT_LT(error, 3e-3);
}

TEST(Sobol, RefusesDimensionsItDoesNotHave) {
  EXPECT_THROW(Sobol(0, 1), Error);
  EXPECT_THROW(Sobol(65, 1), Error);
}

}  // namespace
}  // namespace residua
