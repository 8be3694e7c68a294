#include "datasets/periodic_reference.hpp"

#include <fmt/format.h>

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <numbers>
#include <unsupported/Eigen/FFT>

#include "kernels/core/error.hpp"

namespace residua {
namespace {

using std::numbers::pi;
using Complex = std::complex<double>;
using Modes = Eigen::ArrayXcd;  ///< coefficients of exp(2 pi i n x / period), n = 0, 1, ...; u is real

// The pair 5(4) of Dormand & Prince, J. Comput. Appl. Math. 6 (1980) 19. The last stage is the first of the next step.
constexpr int kStages = 7;
constexpr double kNode[kStages] = {0, 1. / 5, 3. / 10, 4. / 5, 8. / 9, 1, 1};
constexpr double kStage[kStages][kStages - 1] = {{},
                                                 {1. / 5},
                                                 {3. / 40, 9. / 40},
                                                 {44. / 45, -56. / 15, 32. / 9},
                                                 {19372. / 6561, -25360. / 2187, 64448. / 6561, -212. / 729},
                                                 {9017. / 3168, -355. / 33, 46732. / 5247, 49. / 176, -5103. / 18656},
                                                 {35. / 384, 0, 500. / 1113, 125. / 192, -2187. / 6784, 11. / 84}};
constexpr double kError[kStages] = {71. / 57600, 0, -71. / 16695, 71. / 1920, -17253. / 339200, 22. / 525, -1. / 40};

class Solver {
 public:
  Solver(const PeriodicProblem& problem, const PeriodicOptions& options) : problem_(problem), options_(options) {
    const int degree = problem.cubic != 0 ? 3 : 2;
    highest_ = (options.points - 1) / (degree + 1);  // a product of `degree` modes aliases onto none that is kept
    fft_.SetFlag(Eigen::FFT<double>::HalfSpectrum);
    grid_.resize(options.points);
    spectrum_.resize(options.points / 2 + 1);
    rate_.resize(highest_ + 1);
    for (int n = 0; n <= highest_; ++n) rate_[n] = problem.rate(2 * pi * n / problem.period);
    state_.resize(highest_ + 1);
    if (problem.coefficient) {
      for (int n = 0; n <= highest_; ++n) state_[n] = problem.coefficient(n);
    } else {
      for (int j = 0; j < options.points; ++j) grid_[j] = problem.start(problem.period * j / options.points);
      forward();
      state_ = spectrum_.head(highest_ + 1);
    }
    nonlinear(state_, slope_[0]);
    step_ = 1e-3 / (1 + rate_.abs().maxCoeff());
  }

  const Modes& modes() const { return state_; }

  void advance(double to) {
    while (time_ < to) {
      // Equal steps up to the end, so that one set of exponentials serves them all.
      const double left = to - time_, count = std::ceil(left / step_);
      double step = left / count;
      if (std::abs(step - exponentials_for_) < 1e-12 * step) step = exponentials_for_;
      if (step < 1e-14 * to || steps_++ == options_.max_steps)
        throw Error(fmt::format("periodic reference: stopped at t = {} with steps of {}", time_, step));
      const double error = attempt(step) / options_.tolerance;
      if (error <= 1) {
        time_ = count == 1 ? to : time_ + step;
        state_.swap(next_);
        slope_[0].swap(slope_[kStages - 1]);
      }
      // A step that is nearly as long as it may be stays, and with it the exponentials.
      const double factor = std::isfinite(error) ? 0.9 * std::pow(std::max(error, 1e-10), -0.2) : 0.1;
      if (error > 1 || factor > 1.2) step_ = step * std::clamp(factor, 0.1, 3.0);
    }
  }

 private:
  /// One step from state_ to next_; the estimated error relative to the solution.
  double attempt(double step) {
    set_exponentials(step);
    for (int i = 1; i < kStages; ++i) {
      next_ = exponential_[i][0] * (state_ + (step * kStage[i][0]) * slope_[0]);
      for (int j = 1; j < i; ++j)
        if (kStage[i][j] != 0) next_ += (step * kStage[i][j]) * exponential_[i][j] * slope_[j];
      nonlinear(next_, slope_[i]);
    }
    error_ = kError[kStages - 1] * slope_[kStages - 1];
    for (int j = 0; j < kStages - 1; ++j) error_ += kError[j] * exponential_[kStages - 1][j] * slope_[j];
    return step * std::sqrt(error_.abs2().sum() / (next_.abs2().sum() + 1e-300));
  }

  /// exponential_[i][j] = exp(rate (c_i - c_j) step)
  void set_exponentials(double step) {
    if (step == exponentials_for_) return;
    exponentials_for_ = step;
    for (int i = 1; i < kStages; ++i)
      for (int j = 0; j < i; ++j) exponential_[i][j] = (rate_ * ((kNode[i] - kNode[j]) * step)).exp();
  }

  /// out = the modes of - steepening (u^2)_x / 2 - cubic u^3
  void nonlinear(const Modes& u, Modes& out) {
    spectrum_.setZero();
    spectrum_.head(highest_ + 1) = u;
    backward();
    const Eigen::ArrayXd values = grid_;
    out = Modes::Zero(highest_ + 1);
    if (problem_.steepening != 0) {
      grid_ = values.square();
      forward();
      const Complex factor(0, -problem_.steepening * pi / problem_.period);
      for (int n = 1; n <= highest_; ++n) out[n] += factor * double(n) * spectrum_[n];
    }
    if (problem_.cubic != 0) {
      grid_ = values.cube();
      forward();
      out -= problem_.cubic * spectrum_.head(highest_ + 1);
    }
  }

  void forward() {
    fft_.fwd(spectrum_.data(), grid_.data(), options_.points);
    spectrum_ /= options_.points;
  }
  void backward() {
    fft_.inv(grid_.data(), spectrum_.data(), options_.points);
    grid_ *= options_.points;
  }

  const PeriodicProblem& problem_;
  const PeriodicOptions& options_;
  Eigen::FFT<double> fft_;
  int highest_;
  Eigen::ArrayXd grid_;
  Modes spectrum_, rate_, state_, next_, error_, slope_[kStages], exponential_[kStages][kStages - 1];
  double time_ = 0, step_ = 0, exponentials_for_ = 0;
  long steps_ = 0;
};

/// The Fourier series at a point, by Horner's rule.
double series(const Modes& modes, Eigen::Index count, double angle) {
  const Complex turn = std::polar(1.0, angle);
  Complex sum = 0;
  for (Eigen::Index n = count; n-- > 1;) sum = (sum + modes[n]) * turn;
  return modes[0].real() + 2 * sum.real();
}

/// Modes that show: those behind are below rounding together.
Eigen::Index visible(const Modes& modes) {
  const double size = modes.abs().sum();
  double behind = 0;
  Eigen::Index count = modes.size();
  while (count > 1 && (behind += std::abs(modes[count - 1])) < 1e-17 * size) --count;
  return count;
}

}  // namespace

PeriodicProblem allen_cahn_problem(double diffusivity, double rate) {
  return {2,
          [=](double k) { return Complex(rate - diffusivity * k * k); },
          0,
          rate,
          [](double x) {
            const double y = x - 2 * std::round(x / 2);
            return y * y * std::cos(pi * y);
          },
          [](int n) {
            // The integral of x^2 cos(m pi x) from -1 to 1 is 4 (-1)^m / (m pi)^2.
            const auto moment = [](int m) { return m == 0 ? 2. / 3 : (m % 2 ? -4 : 4) / (m * m * pi * pi); };
            return Complex((moment(n + 1) + moment(n - 1)) / 4);
          }};
}

PeriodicProblem kdv_problem(double dispersion) {
  return {2, [=](double k) { return Complex(0, dispersion * k * k * k); }, 1, 0,
          [](double x) { return std::cos(pi * x); }};
}

PeriodicProblem kuramoto_sivashinsky_problem(double steepening, double growth, double damping) {
  return {2 * pi, [=](double k) { return Complex((growth - damping * k * k) * k * k); }, steepening, 0,
          [](double x) { return std::cos(x) * (1 + std::sin(x)); },
          // Exactly, since the rounding of a transform would grow along with the long waves.
          [](int n) { return n == 1   ? Complex(.5)
                             : n == 2 ? Complex(0, -.25)
                                      : Complex(0); }};
}

std::vector<double> periodic_reference(const PeriodicProblem& problem, const std::vector<double>& times,
                                       const std::vector<double>& positions, const PeriodicOptions& options) {
  if (options.points < 16 || (options.points & (options.points - 1)))
    throw Error(fmt::format("periodic reference: points is {}, expected a power of two, 16 or more", options.points));
  if (!(problem.period > 0) || !(options.tolerance > 0))
    throw Error(fmt::format("periodic reference: need period and tolerance > 0; found {} and {}", problem.period,
                            options.tolerance));
  std::vector<double> out;
  out.reserve(times.size() * positions.size());
  Solver solver(problem, options);
  double before = 0;
  for (const double t : times) {
    if (!(t >= before))
      throw Error(fmt::format("periodic reference: times must rise from 0 on; found {} after {}", t, before));
    before = t;
    if (t == 0) {
      for (const double x : positions) out.push_back(problem.start(x));
      continue;
    }
    solver.advance(t);
    const Eigen::Index count = visible(solver.modes());
    for (const double x : positions) out.push_back(series(solver.modes(), count, 2 * pi * x / problem.period));
  }
  return out;
}

}  // namespace residua
