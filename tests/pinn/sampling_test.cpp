#include <gmock/gmock.h>

#include <cmath>

#include "pinn/problem.hpp"
#include "pinn/sampling/cases.hpp"
#include "pinn/sampling/residual_adaptive.hpp"
#include "pinn/sampling/retained.hpp"
#include "pinn/sampling/spread.hpp"

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

bool operator==(const Samples& a, const Samples& b) {
  return a.n == b.n && a.coords == b.coords && a.design == b.design;
}

/// Points of the interior of a leaching column.
class SamplerOfAProblem : public ::testing::Test {
 protected:
  static constexpr std::uint64_t kSeed = 11;

  Problem problem_{RunFile::parse("physics = 'leach_column'\n[envelope]\npeclet = [20, 60]\n", "run")};
  int dims_ = problem_.sample_dims(0);
  Samples before_ = problem_.sample(0, uniform_points(dims_, 40, 1), 40);
  std::vector<Samples> asked_;  ///< of what points the residuals were asked for

  /// Residuals that grow with the first coordinate.
  SquaredResiduals squares() {
    return [this](const Samples& samples) {
      asked_.push_back(samples);
      return std::vector<double>(samples.coords.begin(), samples.coords.begin() + samples.n);
    };
  }
  Samples draw(const SamplerSettings& settings) {
    return make_sampler(problem_, 0, settings)->draw(40, kSeed, before_, squares());
  }
  Samples sobol(std::int64_t n) const {
    Sobol sequence(std::size_t(dims_), kSeed);
    return problem_.sample(0, sequence, n);
  }
};

TEST_F(SamplerOfAProblem, SpreadsPointsWithoutAskingForResiduals) {
  EXPECT_TRUE(draw({}) == sobol(40));
  EXPECT_TRUE(draw({.spread = Sampling::uniform}) == problem_.sample(0, uniform_points(dims_, 40, kSeed), 40));
  EXPECT_TRUE(asked_.empty());
}

TEST_F(SamplerOfAProblem, SpreadsPointsInCases) {
  std::vector<double> unit = uniform_points(dims_, 40, kSeed);
  share_cases(unit, 40, dims_ - int(problem_.design().size()), 3);
  EXPECT_TRUE(draw({.spread = Sampling::uniform, .cases = 3}) == problem_.sample(0, unit, 40));
}

TEST_F(SamplerOfAProblem, ChoosesAdaptivelyFromAPoolOfFiveTimesAsMany) {
  const Samples drawn = draw({.adaptive = 2}), pool = sobol(200);
  ASSERT_EQ(asked_.size(), 1u);
  EXPECT_TRUE(asked_[0] == pool);
  EXPECT_TRUE(drawn == part(pool, choose_adaptively(squares()(pool), 40, 2, ~kSeed)));
}

TEST_F(SamplerOfAProblem, RetainsPointsOfLargeResidualsAndDrawsTheOthersAnew) {
  const Samples drawn = draw({.retain = true});
  ASSERT_EQ(asked_.size(), 1u);
  EXPECT_TRUE(asked_[0] == before_);
  const Samples kept = part(before_, above_mean(squares()(before_)));
  ASSERT_GT(kept.n, 5);
  EXPECT_TRUE(drawn == joined(kept, sobol(40 - kept.n)));
}

TEST_F(SamplerOfAProblem, RetainsAndChoosesAdaptively) {
  const Samples drawn = draw({.adaptive = 1, .retain = true});
  ASSERT_EQ(asked_.size(), 2u);  // the points at hand, then the pool for those that are released
  EXPECT_TRUE(asked_[0] == before_);
  const Samples kept = part(before_, above_mean(squares()(before_)));
  EXPECT_TRUE(asked_[1] == sobol(5 * (40 - kept.n)));
  EXPECT_TRUE(part(drawn, Share{0, kept.n}) == kept);
  EXPECT_EQ(drawn.n, 40);
}

TEST_F(SamplerOfAProblem, IsNotGuidedByResidualsAtASeam) {
  const int seam = int(problem_.physics().terms.size());
  const auto drawn = make_sampler(problem_, seam, {.adaptive = 1, .retain = true})->draw(30, kSeed, before_, squares());
  EXPECT_TRUE(drawn == Spread(problem_, seam, Sampling::sobol).draw(30, kSeed, before_, squares()));
  EXPECT_TRUE(asked_.empty());
}

}  // namespace
}  // namespace residua
