#include "datasets/exact/adr.hpp"

#include <fmt/format.h>

#include <boost/math/special_functions/erf.hpp>
#include <boost/math/tools/roots.hpp>
#include <cmath>
#include <numbers>

#include "datasets/exact/erfcx.hpp"
#include "kernels/core/error.hpp"

namespace residua::exact {
namespace {

using std::numbers::pi;

void check(const Adr& c) {
  if (!(c.velocity > 0 && c.dispersion > 0 && c.retardation > 0 && c.decay >= 0))
    throw Error(fmt::format("transport column: need v > 0, D > 0, R > 0, mu >= 0; found v {}, D {}, R {}, mu {}",
                            c.velocity, c.dispersion, c.retardation, c.decay));
}

// Scaled with v: distance by D/v, time by D/v^2, which makes Pe = 1.
Mim scaled(const Adr& c) { return {1, c.retardation, 1, 0, c.decay * c.dispersion / (c.velocity * c.velocity)}; }

// Sum over the roots b_m of g, one in each ((m-1) pi, m pi), of coefficient(b) exp(P x/2L - P T/4R - b^2 T/(P R)).
template <class Characteristic, class Coefficient>
double series(const Adr& c, double length, double x, double t, const Characteristic& g,
              const Coefficient& coefficient) {
  check(c);
  if (c.decay != 0) throw Error(fmt::format("finite column series: needs mu = 0, found {}", c.decay));
  if (!(x >= 0 && x <= length)) throw Error(fmt::format("finite column: x = {} outside 0..{}", x, length));
  if (t <= 0) return 0;
  const double peclet = c.velocity * length / c.dispersion, turnover = c.velocity * t / (length * c.retardation);
  const double growth = peclet * x / (2 * length) - peclet * turnover / 4;
  if (growth > 14)
    throw Error(fmt::format("finite column series: terms of e^{:.0f} cancel at Pe {}, x/L {}, T/R {}; use adr_finite",
                            growth, peclet, x / length, turnover));
  double sum = 0;
  for (int m = 1; m < 100000; ++m) {
    boost::uintmax_t iterations = 200;
    const auto bracket = boost::math::tools::toms748_solve(g, (m - 1) * pi + 1e-9, m * pi - 1e-12,
                                                           boost::math::tools::eps_tolerance<double>(), iterations);
    const double b = (bracket.first + bracket.second) / 2;
    const double exponent = growth - b * b * turnover / peclet;
    if (exponent < -40) return 1 - sum;
    sum += coefficient(b) * std::exp(exponent);
  }
  throw Error(fmt::format("finite column series: no convergence at Pe {}, T/R {}; use adr_finite", peclet, turnover));
}

}  // namespace

double adr_first_type(const Adr& c, double x, double t) {
  check(c);
  if (t <= 0) return 0;
  const double v = c.velocity, d = c.dispersion, r = c.retardation;
  const double u = v * std::sqrt(1 + 4 * c.decay * d / (v * v)), s = 2 * std::sqrt(d * r * t);
  return (exp_erfc((v - u) * x / (2 * d), (r * x - u * t) / s) + exp_erfc((v + u) * x / (2 * d), (r * x + u * t) / s)) /
         2;
}

double adr_third_type(const Adr& c, double x, double t) {
  check(c);
  if (t <= 0) return 0;
  const double v = c.velocity, d = c.dispersion, r = c.retardation, mu = c.decay;
  const double s = 2 * std::sqrt(d * r * t), ahead = (r * x - v * t) / s, behind = (r * x + v * t) / s;
  if (mu == 0)
    return boost::math::erfc(ahead) / 2 + std::sqrt(v * v * t / (pi * d * r)) * std::exp(-ahead * ahead) -
           (1 + v * x / d + v * v * t / (d * r)) * exp_erfc(v * x / d, behind) / 2;
  if (mu * d / (v * v) < 1e-5) return mim_step(scaled(c), Inlet::third_type, v * x / d, v * v * t / d).mobile;
  const double u = v * std::sqrt(1 + 4 * mu * d / (v * v));
  return v / (v + u) * exp_erfc((v - u) * x / (2 * d), (r * x - u * t) / s) +
         v / (v - u) * exp_erfc((v + u) * x / (2 * d), (r * x + u * t) / s) +
         v * v / (2 * mu * d) * exp_erfc(v * x / d - mu * t / r, behind);
}

double adr_finite_first_type_series(const Adr& c, double length, double x, double t) {
  const double p = c.velocity * length / c.dispersion, xi = x / length;
  return series(
      c, length, x, t, [&](double b) { return b * std::cos(b) + p / 2 * std::sin(b); },
      [&](double b) { return 2 * b * std::sin(b * xi) / (b * b + p * p / 4 + p / 2); });
}

double adr_finite_third_type_series(const Adr& c, double length, double x, double t) {
  const double p = c.velocity * length / c.dispersion, xi = x / length;
  return series(
      c, length, x, t, [&](double b) { return b * std::cos(b) + (p / 4 - b * b / p) * std::sin(b); },
      [&](double b) {
        const double q = b * b + p * p / 4;
        return 2 * p * b * (b * std::cos(b * xi) + p / 2 * std::sin(b * xi)) / ((q + p) * q);
      });
}

double adr_finite(const Adr& c, Inlet inlet, double length, double x, double t) {
  check(c);
  const double by = c.velocity / c.dispersion;
  return mim_step_finite(scaled(c), inlet, length * by, x * by, t * c.velocity * by).mobile;
}

}  // namespace residua::exact
