#include "datasets/periodic_reference.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "datasets/exact/burgers.hpp"
#include "datasets/ode.hpp"
#include "kernels/core/error.hpp"

namespace residua {
namespace {

using std::numbers::pi;
using Complex = std::complex<double>;

const std::vector<double> kPositions = {-1, -.9, -.5, -.33, -.1, 0, .21, .5, .77, .99};

double relative_difference(const std::vector<double>& a, const std::vector<double>& b) {
  double difference = 0, size = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference += (a[i] - b[i]) * (a[i] - b[i]);
    size += b[i] * b[i];
  }
  return std::sqrt(difference / size);
}

std::vector<double> uniform(double first, double last, int count) {
  std::vector<double> values;
  for (int i = 0; i < count; ++i) values.push_back(first + (last - first) * i / (count - 1));
  return values;
}

TEST(PeriodicReference, CarriesASolitonOfKortewegAndDeVriesAlong) {
  // u = 3 c sech^2(sqrt(c/m) (x - c t) / 2), whose tails are below rounding at a distance of half a period.
  const double c = .8, m = .022 * .022;
  PeriodicProblem problem = kdv_problem(m);
  const auto soliton = [=](double x) {
    const double y = x - 2 * std::round(x / 2), s = 1 / std::cosh(std::sqrt(c / m) * y / 2);
    return 3 * c * s * s;
  };
  problem.start = soliton;
  problem.coefficient = nullptr;
  const auto found = periodic_reference(problem, {.3, 1.7}, kPositions);
  for (std::size_t j = 0; j < kPositions.size(); ++j) {
    EXPECT_NEAR(found[j], soliton(kPositions[j] - c * .3), 1e-10);
    EXPECT_NEAR(found[kPositions.size() + j], soliton(kPositions[j] - c * 1.7), 1e-10);
  }
}

TEST(PeriodicReference, SolvesBurgersEquationAsColeAndHopf) {
  const double nu = .01;
  const PeriodicProblem problem{2, [=](double k) { return Complex(-nu * k * k); }, 1, 0,
                                [](double x) { return -std::sin(pi * x); }};
  const std::vector<double> times = {.1, .5, 1};
  const auto found = periodic_reference(problem, times, kPositions);
  for (std::size_t i = 0; i < times.size(); ++i)
    for (std::size_t j = 0; j < kPositions.size(); ++j)
      EXPECT_NEAR(found[i * kPositions.size() + j], exact::burgers(times[i], kPositions[j], nu), 1e-11);
}

TEST(PeriodicReference, ReactsUniformlyAsTheOrdinaryEquationSays) {
  PeriodicProblem problem = allen_cahn_problem(1e-4, 5);
  problem.start = [](double) { return .1; };
  problem.coefficient = nullptr;
  // v = 1/u^2 obeys v' = 2 r (1 - v).
  for (const double u : periodic_reference(problem, {.6}, kPositions))
    EXPECT_NEAR(u, 1 / std::sqrt(1 + 99 * std::exp(-6)), 1e-12);
}

TEST(PeriodicReference, FollowsLinearModesExactly) {
  const auto found = periodic_reference(kuramoto_sivashinsky_problem(0, .4, .0015), {.7}, kPositions);
  for (std::size_t j = 0; j < kPositions.size(); ++j) {
    const double x = kPositions[j];
    EXPECT_NEAR(found[j], std::exp(.7 * (.4 - .0015)) * std::cos(x) + std::exp(.7 * (1.6 - .024)) * std::sin(2 * x) / 2,
                1e-13);
  }
}

TEST(PeriodicReference, AgreesWithFiniteDifferencesOnTheAllenCahnEquation) {
  // The solution is even about 0 and about 1, so half a period with mirrored ends is enough. Two grids give the order
  // (two) and, extrapolated, an error of a few 1e-7.
  const double diffusivity = 1e-3, rate = 5;
  const std::vector<double> times = {.05, .3, 1};
  const auto by_differences = [&](int cells) {
    std::vector<double> state(std::size_t(cells) + 1), at;
    const double h = 1. / cells;
    for (int i = 0; i <= cells; ++i) state[std::size_t(i)] = h * i * h * i * std::cos(pi * h * i);
    Ode ode(
        [=](double, const double* u, double* slope) {
          for (int i = 0; i <= cells; ++i) {
            const double left = u[i > 0 ? i - 1 : 1], right = u[i < cells ? i + 1 : cells - 1];
            slope[i] = diffusivity * (left - 2 * u[i] + right) / (h * h) - rate * (u[i] * u[i] * u[i] - u[i]);
          }
        },
        0, state, {.relative_tolerance = 1e-10, .absolute_tolerance = 1e-12, .band = Band{1, 1}});
    for (const double t : times) {
      const auto u = ode.advance(t);
      for (int i = 0; i <= cells; i += cells / 10) at.push_back(u[std::size_t(i)]);
    }
    return at;
  };
  const auto found = periodic_reference(allen_cahn_problem(diffusivity, rate), times, uniform(0, 1, 11));
  const auto coarse = by_differences(1000), fine = by_differences(2000);
  std::vector<double> extrapolated(fine.size());
  for (std::size_t i = 0; i < fine.size(); ++i) extrapolated[i] = fine[i] + (fine[i] - coarse[i]) / 3;
  EXPECT_NEAR(relative_difference(coarse, found) / relative_difference(fine, found), 4, .1);
  EXPECT_LT(relative_difference(extrapolated, found), 1e-6);
}

TEST(PeriodicReference, AgreesWithAGalerkinSystemOfTheKuramotoSivashinskyEquation) {
  // The same 42 modes, but products as sums over pairs of modes rather than by transforms, and BDF rather than
  // Runge-Kutta.
  const double a = 100. / 16, b = 100. / 256, g = 100. / 65536;
  constexpr int kHighest = 42;
  std::vector<double> state(2 * kHighest + 2);
  state[2] = .5;    // cos x
  state[5] = -.25;  // sin(2 x) / 2
  Ode ode(
      [=](double, const double* y, double* slope) {
        const auto mode = [&](int n) {
          return n < 0 ? Complex(y[-2 * n], -y[-2 * n + 1]) : Complex(y[2 * n], y[2 * n + 1]);
        };
        for (int n = 0; n <= kHighest; ++n) {
          Complex square = 0;
          for (int k = n - kHighest; k <= kHighest; ++k) square += mode(k) * mode(n - k);
          const double rate = b * n * n - g * std::pow(n, 4);
          const Complex d = rate * mode(n) - Complex(0, a * n / 2) * square;
          slope[2 * n] = d.real();
          slope[2 * n + 1] = d.imag();
        }
      },
      0, state, {.relative_tolerance = 1e-11, .absolute_tolerance = 1e-13});
  const auto u = ode.advance(.1);
  const auto positions = uniform(0, 6, 20);
  std::vector<double> expected;
  for (const double x : positions) {
    double sum = u[0];
    for (int n = 1; n <= kHighest; ++n)
      sum += 2 * (u[std::size_t(2 * n)] * std::cos(n * x) - u[std::size_t(2 * n) + 1] * std::sin(n * x));
    expected.push_back(sum);
  }
  const auto found = periodic_reference(kuramoto_sivashinsky_problem(a, b, g), {.1}, positions, {.points = 128});
  EXPECT_LT(relative_difference(found, expected), 1e-9);
}

struct Refined {
  const char* name;
  PeriodicProblem problem;
  double last;
  int points;
};

TEST(PeriodicReference, IsAccurateToTenDigits) {
  const Refined cases[] = {
      {"kdv", kdv_problem(.022 * .022), 1, 512},
      {"allen_cahn", allen_cahn_problem(1e-4, 5), 1, 4096},
      {"kuramoto_sivashinsky", kuramoto_sivashinsky_problem(100. / 16, 100. / 256, 100. / 65536), .1, 512},
  };
  for (const Refined& c : cases) {
    const auto times = uniform(0, c.last, 11), positions = uniform(-c.problem.period / 2, c.problem.period / 2, 101);
    const auto found = periodic_reference(c.problem, times, positions, {c.points, 1e-12});
    const auto finer = periodic_reference(c.problem, times, positions, {2 * c.points, 2e-13});
    EXPECT_LT(relative_difference(found, finer), 1e-10) << c.name;
  }
}

TEST(PeriodicReference, ErrsByTheToleranceAndByTheGrid) {
  const PeriodicProblem problem = kdv_problem(.022 * .022);
  const auto positions = uniform(-1, 1, 101);
  const auto best = periodic_reference(problem, {1}, positions, {.points = 512});
  const auto error = [&](int points, double tolerance) {
    return relative_difference(periodic_reference(problem, {1}, positions, {points, tolerance}), best);
  };
  const double coarse = error(512, 1e-8), fine = error(512, 1e-11);
  EXPECT_LT(fine, 1e-8);
  EXPECT_GT(coarse / fine, 1e2);  // a thousandth of the tolerance: the error of a fifth-order method falls by 10^2.5
  EXPECT_LT(error(256, 1e-11), error(128, 1e-11) / 30);
}

TEST(PeriodicReference, KnowsTheFourierSeriesOfTheKink) {
  const PeriodicProblem problem = allen_cahn_problem(1e-4, 5);
  for (const double x : {-.7, 0., .4}) {
    double sum = problem.coefficient(0).real();
    for (int n = 1; n < 20000; ++n) sum += 2 * problem.coefficient(n).real() * std::cos(n * pi * x);
    EXPECT_NEAR(sum, problem.start(x), 1e-8);
  }
  const auto start = periodic_reference(problem, {0}, {-1, 1, .5});
  EXPECT_DOUBLE_EQ(start[0], -1);
  EXPECT_DOUBLE_EQ(start[1], -1);
  EXPECT_NEAR(start[2], 0, 1e-16);
}

TEST(PeriodicReference, RefusesTimesThatFallAndGridsThatAreNoPowerOfTwo) {
  const PeriodicProblem problem = kdv_problem(1e-3);
  EXPECT_THROW(periodic_reference(problem, {.2, .1}, {0}), Error);
  EXPECT_THROW(periodic_reference(problem, {-.1}, {0}), Error);
  EXPECT_THROW(periodic_reference(problem, {.1}, {0}, {.points = 1000}), Error);
  EXPECT_THROW(periodic_reference(problem, {.1}, {0}, {.max_steps = 3}), Error);
}

}  // namespace
}  // namespace residua
