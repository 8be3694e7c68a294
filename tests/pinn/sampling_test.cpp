#include <gmock/gmock.h>

#include <cmath>

#include "pinn/problem.hpp"
#include "pinn/sampling/above_mean.hpp"
#include "pinn/sampling/residual_adaptive.hpp"

namespace residua {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(AboveMean, KeepsPointsWhoseResidualIsAboveTheMean) {
  EXPECT_THAT(above_mean({1, 16, 0, 9, 4}), ElementsAre(1, 3));  // residuals 1, 4, 0, 3, 2: their mean is 2
}

TEST(AboveMean, KeepsNothingWhereAllAreAlike) {
  EXPECT_THAT(above_mean(std::vector<double>(7, 0.01)), IsEmpty());
  EXPECT_THAT(above_mean({0, 0}), IsEmpty());
  EXPECT_THAT(above_mean({NAN, 1}), IsEmpty());
}

/// Squared residual of a front of width 0.02 at 0.7.
double front(double x) { return std::exp(-std::pow((x - 0.7) / 0.02, 2)); }
std::vector<double> squares_at(const std::vector<double>& points) {
  std::vector<double> squares;
  for (const double x : points) squares.push_back(front(x));
  return squares;
}
/// Share of the points within 0.05 of the front; a tenth if they are evenly spread.
double share_at_front(const std::vector<double>& points) {
  double count = 0;
  for (const double x : points) count += std::abs(x - 0.7) < 0.05;
  return count / double(points.size());
}

TEST(AboveMean, GathersPointsAtAFrontFromDrawToDraw) {
  std::vector<double> points = uniform_points(1, 400, 0);
  EXPECT_NEAR(share_at_front(points), 0.1, 0.05);
  for (std::uint64_t draw = 1; draw <= 30; ++draw) {
    std::vector<double> next;
    for (const std::int64_t kept : above_mean(squares_at(points))) next.push_back(points[std::size_t(kept)]);
    const auto fresh = uniform_points(1, std::int64_t(points.size() - next.size()), draw);
    next.insert(next.end(), fresh.begin(), fresh.end());
    points = next;
  }
  EXPECT_EQ(points.size(), 400u);
  EXPECT_GT(share_at_front(points), 0.4);
}

TEST(ResidualAdaptiveChoice, PrefersTheFront) {
  const std::vector<double> pool = uniform_points(1, 2000, 1);
  const auto share = [&](double sharpness) {
    std::vector<double> chosen;
    for (const std::int64_t i : choose_adaptively(squares_at(pool), 200, sharpness, 3))
      chosen.push_back(pool[std::size_t(i)]);
    return share_at_front(chosen);
  };
  EXPECT_NEAR(share(0), 0.1, 0.06);
  EXPECT_GT(share(1), 0.25);
  EXPECT_GT(share(2), 0.25);
}

}  // namespace
}  // namespace residua
