#include "datasets/exact/kiln.hpp"

#include <fmt/format.h>

#include <Eigen/Dense>
#include <boost/math/special_functions/bessel.hpp>
#include <boost/math/tools/roots.hpp>
#include <cmath>
#include <complex>
#include <numbers>
#include <unsupported/Eigen/MatrixFunctions>

#include "datasets/exact/laplace.hpp"
#include "kernels/core/error.hpp"

namespace residua::exact {
namespace {

using std::numbers::pi;

template <class F>
double root(const F& f, double low, double high) {
  boost::uintmax_t iterations = 200;
  const auto bracket =
      boost::math::tools::toms748_solve(f, low, high, boost::math::tools::eps_tolerance<double>(), iterations);
  return (bracket.first + bracket.second) / 2;
}

// Sum of term(mu_m, exp(-mu_m^2 Fo)) over the eigenvalues until they have died away.
template <class Eigenvalue, class Term>
double eigen_sum(double biot, double fourier, double x, const Eigenvalue& eigenvalue, const Term& term) {
  if (!(biot > 0 && (fourier >= 1e-6 || fourier == 0) && std::abs(x) <= 1))
    throw Error(fmt::format("convective step: need Bi > 0, Fo = 0 or >= 1e-6, |x| <= 1; found Bi {}, Fo {}, x {}", biot,
                            fourier, x));
  if (fourier == 0) return 1;
  double sum = 0;
  for (int m = 1;; ++m) {
    const double mu = eigenvalue(m);
    const double decay = std::exp(-mu * mu * fourier);
    if (decay < 1e-17) return sum;
    sum += term(mu) * decay;
  }
}

// T from its Kirchhoff potential T + b T^2/2.
double potential(double slope, double t) { return t + slope * t * t / 2; }
double from_potential(double slope, double p) {
  return 2 * p / (1 + std::sqrt(1 + 2 * slope * p));  // free of cancellation as b -> 0
}

}  // namespace

GasBed counter_current(const CounterCurrent& k, double z) {
  const double m = k.conductance * (1 / k.gas_flow - 1 / k.bed_flow), u = k.conductance / k.bed_flow;
  // (e^{m z} - 1)/m, continued through m = 0.
  const auto grown = [&](double at) { return m == 0 ? at : std::expm1(m * at) / m; };
  const double d0 = (k.gas_inlet - k.bed_inlet) / (std::exp(m * k.length) + u * grown(k.length));
  const double bed = k.bed_inlet + u * d0 * grown(z);
  return {bed + d0 * std::exp(m * z), bed};
}

GasBedWall wall_exchanger(const WallExchanger& k, double z) {
  const double a1 = k.gas_bed, a2 = k.gas_wall, a3 = k.wall_bed, s = a2 + a3 + k.loss;
  // y' = A y + b in homogeneous coordinates (Tg, Ts, 1).
  Eigen::Matrix3d a;
  a << (a1 + a2 - a2 * a2 / s) / k.gas_flow, -(a1 + a2 * a3 / s) / k.gas_flow,
      -a2 * k.loss * k.ambient / (s * k.gas_flow), (a1 + a2 * a3 / s) / k.bed_flow,
      -(a1 + a3 - a3 * a3 / s) / k.bed_flow, a3 * k.loss * k.ambient / (s * k.bed_flow), 0, 0, 0;
  const Eigen::Matrix3d whole = (a * k.length).exp(), part = (a * z).exp();
  const double gas0 = (k.gas_inlet - whole(0, 1) * k.bed_inlet - whole(0, 2)) / whole(0, 0);
  const Eigen::Vector3d y = part * Eigen::Vector3d(gas0, k.bed_inlet, 1);
  return {y[0], y[1], (a2 * y[0] + a3 * y[1] + k.loss * k.ambient) / s};
}

GasBed dynamic_exchanger_outlets(const DynamicExchanger& k, double t) {
  if (t < k.length / k.gas_speed + k.length / k.bed_speed)
    throw Error(fmt::format("dynamic exchanger: t = {} lies before both fronts have crossed, {}", t,
                            k.length / k.gas_speed + k.length / k.bed_speed));
  using Complex = std::complex<double>;
  // E = exp(M L) of the 2x2 system y' = M y, M = [(s+a)/ug, -a/ug; b/us, -(s+b)/us], by its eigenvalues mean +- root.
  const auto outlets = [&](Complex s) {
    const Complex m11 = (s + k.gas_rate) / k.gas_speed, m22 = -(s + k.bed_rate) / k.bed_speed;
    const double m12 = -k.gas_rate / k.gas_speed, m21 = k.bed_rate / k.bed_speed;
    const Complex mean = (m11 + m22) / 2.0, half = (m11 - m22) / 2.0, r = std::sqrt(half * half + m12 * m21);
    const Complex cosh = std::cosh(r * k.length), sinh_r = std::sinh(r * k.length) / r, e = std::exp(mean * k.length);
    const Complex e11 = e * (cosh + half * sinh_r), e21 = e * m21 * sinh_r;
    return std::pair(1.0 / (s * e11), e21 / (s * e11));
  };
  return {talbot([&](Complex s) { return outlets(s).first; }, t),
          talbot([&](Complex s) { return outlets(s).second; }, t)};
}

double convective_slab(double biot, double fourier, double x) {
  return eigen_sum(
      biot, fourier, x,
      [&](int m) {
        return root([&](double mu) { return mu * std::sin(mu) - biot * std::cos(mu); }, (m - 1) * pi, (m - 0.5) * pi);
      },
      [&](double mu) { return 4 * std::sin(mu) / (2 * mu + std::sin(2 * mu)) * std::cos(mu * x); });
}

double convective_cylinder(double biot, double fourier, double x) {
  using boost::math::cyl_bessel_j;
  using boost::math::cyl_bessel_j_zero;
  return eigen_sum(
      biot, fourier, x,
      [&](int m) {
        const double low = m == 1 ? 0 : cyl_bessel_j_zero(1.0, m - 1);
        return root([&](double mu) { return mu * cyl_bessel_j(1, mu) - biot * cyl_bessel_j(0, mu); }, low,
                    cyl_bessel_j_zero(0.0, m));
      },
      [&](double mu) {
        const double j0 = cyl_bessel_j(0, mu), j1 = cyl_bessel_j(1, mu);
        return 2 * j1 / (mu * (j0 * j0 + j1 * j1)) * cyl_bessel_j(0, mu * std::abs(x));
      });
}

double kirchhoff_slab(const Conductor& w, double x) {
  const double p1 = potential(w.slope, w.at_from), p2 = potential(w.slope, w.at_to);
  return from_potential(w.slope, p1 + (p2 - p1) * (x - w.from) / (w.to - w.from));
}

double kirchhoff_slab_flux(const Conductor& w) {
  return w.conductivity * (potential(w.slope, w.at_from) - potential(w.slope, w.at_to)) / (w.to - w.from);
}

double kirchhoff_cylinder(const Conductor& w, double radius) {
  const double p1 = potential(w.slope, w.at_from), p2 = potential(w.slope, w.at_to);
  return from_potential(w.slope, p1 + (p2 - p1) * std::log(radius / w.from) / std::log(w.to / w.from));
}

double kirchhoff_cylinder_flux(const Conductor& w) {
  return 2 * pi * w.conductivity * (potential(w.slope, w.at_from) - potential(w.slope, w.at_to)) /
         std::log(w.to / w.from);
}

double radiation_time(double rate, double surroundings, double initial, double temperature) {
  const double s = surroundings;
  if (!(rate > 0 && s >= 0 && initial > 0 && (temperature - s) * (initial - temperature) >= 0 && temperature != s))
    throw Error(
        fmt::format("lumped radiation: T = {} is not met between {} and surroundings of {}", temperature, initial, s));
  if (s == 0) return (std::pow(temperature, -3) - std::pow(initial, -3)) / (3 * rate);
  const auto f = [&](double t) {
    return std::log((t + s) / std::abs(t - s)) / (4 * s * s * s) + std::atan(t / s) / (2 * s * s * s);
  };
  return (f(temperature) - f(initial)) / rate;
}

double radiation_temperature(double rate, double surroundings, double initial, double t) {
  if (t == 0 || initial == surroundings) return initial;
  if (surroundings == 0) return initial / std::cbrt(1 + 3 * rate * initial * initial * initial * t);
  // In q = ln |T - surroundings| the time is nearly linear, and the end of the range stays representable.
  const double start = initial - surroundings, sign = start > 0 ? 1 : -1, q0 = std::log(std::abs(start));
  const auto excess = [&](double q) {
    return q == q0 ? -t : radiation_time(rate, surroundings, initial, surroundings + sign * std::exp(q)) - t;
  };
  const double lowest = std::log(surroundings) - 34;
  if (q0 <= lowest || excess(lowest) < 0) return surroundings;
  return surroundings + sign * std::exp(root(excess, lowest, q0));
}

double adiabatic_temperature(double initial, double heating, double conversion) {
  return initial - heating * conversion;
}

}  // namespace residua::exact
