// What chooses points on a GPU, by its host twin, against what chooses them on the CPU.
#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <set>

#include "kernels/cuda/drawn_points.hpp"
#include "pinn/problem.hpp"
#include "pinn/sampling/residual_adaptive.hpp"
#include "pinn/sampling/retained.hpp"
#include "pinn/sampling/sampler.hpp"
#include "tests/kernels/host_device.hpp"

namespace residua {
namespace {

using ::testing::IsSubsetOf;

constexpr std::uint64_t kSeed = 11;
constexpr double kNan = std::numeric_limits<double>::quiet_NaN(), kInfinity = std::numeric_limits<double>::infinity();

/// Of a point, by its number and its first coordinate.
using Residual = std::function<double(std::int64_t i, double x)>;

using Point = std::vector<double>;
std::vector<Point> points_of(const Samples& samples) {
  std::vector<Point> points(std::size_t(samples.n));
  for (const auto* rows : {&samples.coords, &samples.design})
    for (std::size_t k = 0; k < rows->size(); ++k) points[k % points.size()].push_back((*rows)[k]);
  return points;
}
std::vector<Point> sorted(std::vector<Point> points) {
  std::sort(points.begin(), points.end());
  return points;
}
std::size_t distinct(const std::vector<Point>& points) { return std::set(points.begin(), points.end()).size(); }

/// Draws of points of the interior of a leaching column.
struct GuidedPoints : testing::Test {
  Problem problem{RunFile::parse("physics = 'leach_column'\n[envelope]\npeclet = [20, 60]\n", "run")};
  int dims = problem.sample_dims(0);

  Samples sobol(std::int64_t n, std::uint64_t seed = kSeed) const {
    Sobol sequence(std::size_t(dims), seed);
    return problem.sample(0, sequence, n);
  }
  static SquaredResiduals squares(const Residual& residual) {
    return [residual](const Samples& samples) {
      std::vector<double> all;
      for (std::int64_t i = 0; i < samples.n; ++i)
        all.push_back(std::pow(residual(i, samples.coords[std::size_t(i)]), 2));
      return all;
    };
  }
  Samples on_cpu(const SamplerSettings& settings, const Samples& before, const Residual& residual) const {
    return make_sampler(problem, 0, settings)->draw(before.n, kSeed, before, squares(residual));
  }

  /// The same on the host twin of a device, at a step of a stage.
  template <class S = double>
  Samples on_device(const SamplerSettings& settings, const Samples& before, const Residual& residual,
                    std::int64_t step = 3, std::uint32_t stream = 0) const {
    cuda::DrawnTerm term{.points = before.n,
                         .equation_weight = {1, 1},
                         .axes = problem.axes(0),
                         .dims = dims,
                         .adaptive = settings.adaptive,
                         .retain = settings.retain};
    const auto count = std::size_t(term.candidates());
    term.lattice.resize(std::size_t(dims) * count);
    Sobol::unshifted(std::size_t(dims)).fill(term.lattice.data(), count);
    testing_support::HostDevice device;
    cuda::DrawnPoints<S, testing_support::HostDevice> points(device, term, 1, 5, stream);
    points.set_shifts(Sobol(std::size_t(dims), kSeed).shift());
    std::vector<double> rows = before.coords;
    rows.insert(rows.end(), before.design.begin(), before.design.end());
    points.set(rows);
    const cuda::Clock clock{step, 0};
    points.queue(device, &clock, [&](std::int64_t n, const S* at, S* result) {
      for (std::int64_t i = 0; i < n; ++i) {
        result[i] = result[n + i] = 0;  // of two equations, one holds
        result[i % 2 * n + i] = S(residual(i, double(at[i])));
      }
    });
    rows = points.host();
    const auto design = rows.begin() + std::ptrdiff_t(before.coords.size());
    return {before.n, {rows.begin(), design}, {design, rows.end()}};
  }
};

double rising(std::int64_t, double x) { return 0.1 + x; }
double front(std::int64_t, double x) { return std::exp(-std::pow((x - 0.3) / 0.02, 2)); }

TEST_F(GuidedPoints, AreThoseOfTheCpuWhereLargeResidualsAreRetained) {
  for (const std::int64_t n : {1, 2, 37, 1001})
    for (const Residual& residual : {Residual(rising), Residual(front)}) {
      const Samples before = sobol(n, 3);
      const auto found = points_of(on_device({.retain = true}, before, residual));
      const Samples expected = on_cpu({.retain = true}, before, residual);
      EXPECT_EQ(sorted(found), sorted(points_of(expected))) << n;
      for (const std::int64_t kept : above_mean(squares(residual)(before)))
        EXPECT_EQ(found[std::size_t(kept)], points_of(before)[std::size_t(kept)]);
    }
}

TEST_F(GuidedPoints, AreThoseOfTheCpuWhereResidualsAreAlikeOrNotFinite) {
  const Samples before = sobol(37, 3);
  // The mean of so many 0.01 is rounded to more than that, the mean of 0.07 to less.
  for (const double most : {0.0, 0.01, 0.07, kInfinity, kNan})
    for (const double one : {most, 1.0, kInfinity, kNan}) {
      const auto residual = [&](std::int64_t i, double) { return i == 5 ? one : most; };
      const auto found = points_of(on_device({.retain = true}, before, residual));
      EXPECT_EQ(sorted(found), sorted(points_of(on_cpu({.retain = true}, before, residual)))) << most << " " << one;
    }
}

TEST_F(GuidedPoints, AreAllFreshAtTheFirstDraw) {
  EXPECT_EQ(points_of(on_device({.retain = true}, sobol(37, 3), rising, 0)), points_of(sobol(37)));
}

TEST_F(GuidedPoints, AreDifferentCandidatesOfTheCpuWhereResidualsDrawThem) {
  for (const std::int64_t n : {1, 2, 37, 1001})
    for (const double r : {0.0, 0.01, kNan, kInfinity, 1.0}) {
      const auto residual = [&](std::int64_t i, double x) { return r == 1 || i == 3 ? rising(i, x) : r; };
      const auto found = points_of(on_device({.adaptive = 1}, sobol(n, 3), residual));
      EXPECT_EQ(distinct(found), std::size_t(n));
      EXPECT_THAT(found, IsSubsetOf(points_of(sobol(5 * n)))) << r;
    }
}

TEST_F(GuidedPoints, ReplaceWhatIsReleasedByDifferentCandidatesOfTheCpu) {
  for (const std::int64_t n : {1, 2, 37, 1001}) {
    const Samples before = sobol(n, 3);
    const Samples kept = part(before, above_mean(squares(rising)(before)));
    auto found = points_of(on_device({.adaptive = 1, .retain = true}, before, rising));
    for (const Point& point : points_of(kept)) found.erase(std::find(found.begin(), found.end(), point));
    ASSERT_EQ(distinct(found), std::size_t(n - kept.n));
    EXPECT_THAT(found, IsSubsetOf(points_of(sobol(5 * (n - kept.n)))));
  }
}

/// How often each of five candidates is the one that is chosen, on the device and on the CPU.
struct Frequencies {
  std::vector<double> device = std::vector<double>(5), cpu = device;
  static constexpr int kDraws = 4000;

  Frequencies(const GuidedPoints& points, double sharpness, const std::vector<double>& residuals) {
    const auto pool = points_of(points.sobol(5));
    const auto residual = [&](std::int64_t i, double) { return residuals[std::size_t(i)]; };
    const std::vector<double> squared = GuidedPoints::squares(residual)(points.sobol(5));
    for (int draw = 0; draw < kDraws; ++draw) {
      const auto chosen = points_of(points.on_device({.adaptive = sharpness}, points.sobol(1), residual, draw));
      device[std::size_t(std::find(pool.begin(), pool.end(), chosen[0]) - pool.begin())] += 1. / kDraws;
      cpu[std::size_t(choose_adaptively(squared, 1, sharpness, std::uint64_t(draw))[0])] += 1. / kDraws;
    }
  }
};

TEST_F(GuidedPoints, AreChosenWithTheChancesOfTheCpu) {
  for (const double sharpness : {1.0, 2.0}) {
    const std::vector<double> residuals{0, 0.5, 1, 0.1, 4};
    const Frequencies found(*this, sharpness, residuals);
    double mean = 0;
    for (const double r : residuals) mean += std::pow(r, sharpness) / 5;
    for (std::size_t i = 0; i < 5; ++i) {
      const double expected = (std::pow(residuals[i], sharpness) / mean + 1) / 10;
      const double deviation = std::sqrt(expected * (1 - expected) / Frequencies::kDraws);
      EXPECT_NEAR(found.device[i], expected, 4 * deviation) << i;
      EXPECT_NEAR(found.cpu[i], expected, 4 * deviation) << i;
    }
  }
}

TEST_F(GuidedPoints, AreChosenEvenlyWithoutAMeanAsOnTheCpu) {
  using Residuals = std::vector<double>;
  for (const Residuals& residuals :
       {Residuals(5), Residuals(5, 0.3), {0, 0.1, kNan, 0.3, 4}, {0, 0.1, 2, kInfinity, 4}}) {
    const Frequencies found(*this, 1, residuals);
    for (std::size_t i = 0; i < 5; ++i) {
      EXPECT_NEAR(found.device[i], 0.2, 0.025) << residuals[3];
      EXPECT_NEAR(found.cpu[i], 0.2, 0.025) << residuals[3];
    }
  }
}

TEST_F(GuidedPoints, GatherAtAFrontAsOnTheCpu) {
  const auto share = [](const Samples& samples) {
    const auto near = [](double x) { return std::abs(x - 0.3) < 0.05; };
    return double(std::count_if(samples.coords.begin(), samples.coords.begin() + samples.n, near)) / double(samples.n);
  };
  for (const SamplerSettings& settings :
       {SamplerSettings{.adaptive = 2}, SamplerSettings{.adaptive = 1, .retain = true}}) {
    const Samples before = sobol(1000, 3);
    const Samples device = on_device(settings, before, front), cpu = on_cpu(settings, before, front);
    EXPECT_NEAR(share(device), share(cpu), 0.05);
    EXPECT_GT(share(device), 1.5 * share(before));
  }
}

TEST_F(GuidedPoints, FollowFromStepAndStream) {
  const Samples before = sobol(100, 3);
  const auto draw = [&](std::int64_t step, std::uint32_t stream) {
    return points_of(on_device({.adaptive = 1, .retain = true}, before, rising, step, stream));
  };
  const auto once = draw(3, 0);
  EXPECT_EQ(draw(3, 0), once);
  EXPECT_NE(draw(4, 0), once);
  EXPECT_NE(draw(3, 1), once);
}

TEST_F(GuidedPoints, InFloatsAreAboutThoseInDoubles) {
  const Samples before = sobol(37, 3);
  const Samples floats = on_device<float>({.adaptive = 1, .retain = true}, before, rising);
  const Samples doubles = on_device({.adaptive = 1, .retain = true}, before, rising);
  for (std::size_t k = 0; k < doubles.coords.size(); ++k) EXPECT_NEAR(floats.coords[k], doubles.coords[k], 1e-6);
}

}  // namespace
}  // namespace residua
