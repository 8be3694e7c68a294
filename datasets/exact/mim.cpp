#include "datasets/exact/mim.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/math/distributions/non_central_chi_squared.hpp>
#include <boost/math/quadrature/gauss_kronrod.hpp>
#include <cmath>
#include <complex>
#include <limits>
#include <numbers>

#include "datasets/exact/erfcx.hpp"
#include "kernels/core/error.hpp"

namespace residua::exact {
namespace {

using Complex = std::complex<double>;
using std::numbers::pi;

constexpr double kInfinite = std::numeric_limits<double>::infinity();
constexpr double kDigits = 26;    // e^-26 = 5e-12: the truncation aimed at
constexpr double kMaxGrowth = 9;  // the integrand may reach e^9, so that roundoff stays below 1e-12
constexpr int kMaxTerms = 2000;   // a bound only: 20 to 60 terms are used

// Plain products: the compiler's complex operators spend most of their time on infinities.
Complex times(Complex a, Complex b) {
  return {a.real() * b.real() - a.imag() * b.imag(), a.real() * b.imag() + a.imag() * b.real()};
}
Complex reciprocal(Complex a) {
  const double n = 1 / (a.real() * a.real() + a.imag() * a.imag());
  return {a.real() * n, -a.imag() * n};
}
Complex square_root(Complex a) {  // principal branch
  const double modulus = std::sqrt(a.real() * a.real() + a.imag() * a.imag());
  const double large = std::sqrt((modulus + std::abs(a.real())) / 2);
  const double small = large > 0 ? a.imag() / (2 * large) : 0;
  return a.real() >= 0 ? Complex{large, small} : Complex{std::abs(small), std::copysign(large, a.imag())};
}
Complex exponential(Complex a) { return std::polar(std::exp(a.real()), a.imag()); }

void check(const Mim& c) {
  if (!(c.peclet > 0 && c.retardation > 0 && c.mobile_fraction > 0 && c.mobile_fraction <= 1 && c.exchange >= 0 &&
        c.decay >= 0))
    throw Error(
        fmt::format("mobile-immobile column: need Pe > 0, R > 0, 0 < beta <= 1, omega >= 0, Da >= 0; found "
                    "Pe {}, R {}, beta {}, omega {}, Da {}",
                    c.peclet, c.retardation, c.mobile_fraction, c.exchange, c.decay));
}

// c~(s) = (1/s) A exp(Pe Z/2 (1 - W)),  W = sqrt(1 + 4 Phi/Pe),  Phi = beta R s + Da + omega (1 - r),
// m~ = r c~,  r = omega/(omega + (1-beta) R s + Da).
class Transform {
 public:
  Transform(const Mim& c, Inlet inlet, double length, double z)
      : peclet_(c.peclet),
        mobile_(c.mobile_fraction * c.retardation),
        immobile_((1 - c.mobile_fraction) * c.retardation),
        omega_(c.exchange),
        decay_(c.decay),
        inlet_(inlet),
        length_(length),
        z_(z) {}

  double mobile_capacity() const { return mobile_; }
  double capacity() const { return mobile_ + immobile_; }
  double peclet() const { return peclet_; }
  double depth() const { return z_; }

  // phi(s) = s T + Pe Z/2 (1 - W(s)) and its first two derivatives, for real s >= 0. Convex.
  struct Exponent {
    double value, slope, curvature;
  };
  Exponent exponent(double s, double t) const {
    const double exchange = omega_ + immobile_ * s + decay_;
    const double r = omega_ > 0 ? omega_ / exchange : 0;
    const double phi = mobile_ * s + decay_ + omega_ * (1 - r);
    const double phi1 = mobile_ + immobile_ * r * r;
    const double phi2 = omega_ > 0 ? -2 * immobile_ * immobile_ * r * r / exchange : 0;
    const double w = std::sqrt(1 + 4 * phi / peclet_);
    const double w1 = 2 * phi1 / (peclet_ * w);
    const double w2 = 2 * phi2 / (peclet_ * w) - w1 * w1 / w;
    const double half = peclet_ * z_ / 2;
    return {s * t + half * (1 - w), t - half * w1, -half * w2};
  }

  struct Factors {
    Complex exponent;  // Pe Z/2 (1 - W)
    Complex amplitude;
    Complex ratio;  // m~/c~
  };
  Factors operator()(Complex s) const {
    const Complex r = omega_ > 0 ? omega_ * reciprocal(omega_ + decay_ + immobile_ * s) : Complex(0);
    const Complex phi = mobile_ * s + decay_ + omega_ * (1.0 - r);
    const Complex w = square_root(1.0 + (4 / peclet_) * phi);
    Complex numerator = 1, denominator = inlet_ == Inlet::third_type ? (1.0 + w) * 0.5 : Complex(1);
    if (length_ < kInfinite) {  // the wave reflected at the outlet
      const Complex reflection = times(w - 1.0, reciprocal(w + 1.0));
      const Complex at_inlet = times(reflection, exponential(-peclet_ * length_ * w));
      numerator += times(reflection, exponential(-peclet_ * (length_ - z_) * w));
      denominator += inlet_ == Inlet::third_type ? times(at_inlet, (1.0 - w) * 0.5) : at_inlet;
    }
    return {peclet_ * z_ / 2 * (1.0 - w), times(numerator, reciprocal(times(s, denominator))), r};
  }

 private:
  double peclet_, mobile_, immobile_, omega_, decay_;
  Inlet inlet_;
  double length_, z_;
};

// Where phi'(s) = 0 on s >= 0, or 0 if phi grows from the start. Only roughly: any s near it will do.
double saddle(const Transform& f, double t) {
  if (f.exponent(0, t).slope >= 0) return 0;
  double low = 0, high = 1 / t;
  while (f.exponent(high, t).slope < 0) {
    low = high;
    high *= 2;
  }
  for (int i = 0; i < 6; ++i) {
    const double middle = (low + high) / 2;
    (f.exponent(middle, t).slope < 0 ? low : high) = middle;
  }
  return (low + high) / 2;
}

// The parabola s(y) = -focus + (a + i y)^2 and the trapezoidal step along it.
struct Contour {
  double focus, a, step;
};

// For plain dispersion with focus Pe/(4 beta R) the integrand falls exactly like a Gaussian in y, wherever the vertex
// lies. Among vertices between the saddle and the point where the integrand reaches e^kMaxGrowth, take the one that
// needs the fewest points. The step keeps two errors at e^-kDigits: that of the pole at s = 0, a distance
// a - sqrt(focus) to the left, and that of the growth to the right (Weideman and Trefethen, Math. Comp. 76 (2007)
// 1341).
Contour lay_contour(const Transform& f, double t, double start) {
  const double focus = t >= 2 * f.capacity() * f.depth() ? 0 : f.peclet() / (4 * f.mobile_capacity());
  double end = std::max(2 * start, 1 / t);
  while (f.exponent(end, t).value < kMaxGrowth) end *= 2;

  Contour best{focus, 0, 0};
  double fewest = kInfinite;
  for (int j = 0; j <= 10; ++j) {
    const double s = start + (end - start) * (j * j) / 100;
    if (s <= 0) continue;
    const auto [value, slope, curvature] = f.exponent(s, t);
    if (value > kMaxGrowth + 2) break;
    const double a = std::sqrt(s + focus);
    const double fall = slope + 2 * a * a * curvature;  // |integrand| ~ exp(value - fall y^2)
    const double left = kDigits * (a + std::sqrt(focus)) / s;
    const double right = 2 * a * std::max(slope, 0.0) + 2 * std::sqrt(fall * (kDigits + std::max(value, 0.0)));
    const double step = 2 * pi / std::max(left, right);
    const double points = std::sqrt((kDigits + value) / fall) / step;
    if (points < fewest) {
      fewest = points;
      best = {focus, a, step};
    }
  }
  return best;
}

MimValue invert(const Transform& f, double t) {
  const double start = saddle(f, t);
  if (f.exponent(start, t).value < -kDigits) return {0, 0};
  const auto [focus, a, step] = lay_contour(f, t, start);
  MimValue sum{0, 0};
  for (int k = 0; k < kMaxTerms; ++k) {
    const double y = (k + 0.5) * step;
    const Complex root{a, y};
    const Complex s{a * a - y * y - focus, 2 * a * y};
    const auto [exponent, amplitude, ratio] = f(s);
    const Complex total = s * t + exponent;
    if (total.real() < -kDigits - 3) break;
    const Complex term = times(times(exponential(total), amplitude), root);
    sum.mobile += term.real();
    sum.immobile += times(term, ratio).real();
  }
  return {2 * step / pi * sum.mobile, 2 * step / pi * sum.immobile};
}

}  // namespace

MimValue mim_step_finite(const Mim& column, Inlet inlet, double length, double z, double t) {
  check(column);
  if (!(z >= 0 && z <= length)) throw Error(fmt::format("mobile-immobile column: Z = {} outside 0..{}", z, length));
  if (t <= 0) return {0, 0};
  return invert(Transform(column, inlet, length, z), t);
}

MimValue mim_step(const Mim& column, Inlet inlet, double z, double t) {
  return mim_step_finite(column, inlet, kInfinite, z, t);
}

MimValue mim_pulse(const Mim& column, Inlet inlet, double duration, double z, double t) {
  const MimValue on = mim_step(column, inlet, z, t), off = mim_step(column, inlet, z, t - duration);
  return {on.mobile - off.mobile, on.immobile - off.immobile};
}

double goldstein_j(double x, double y) {
  if (x <= 0) return 1;
  if (y <= 0) return std::exp(-x);
  const boost::math::non_central_chi_squared_distribution<double> marcum(2, 2 * y);
  return boost::math::cdf(boost::math::complement(marcum, 2 * x));
}

MimValue mim_step_quadrature(const Mim& column, Inlet inlet, double z, double t) {
  check(column);
  if (column.decay != 0 || column.mobile_fraction == 1 || column.exchange == 0)
    throw Error(
        fmt::format("mobile-immobile quadrature: needs Da = 0, beta < 1, omega > 0; found Da {}, beta {}, "
                    "omega {}",
                    column.decay, column.mobile_fraction, column.exchange));
  if (t <= 0) return {0, 0};
  const double p = column.peclet, mobile = column.mobile_fraction * column.retardation;
  const double immobile = (1 - column.mobile_fraction) * column.retardation, front = mobile * z;
  // Response of the mobile water to a unit pulse at the inlet, without exchange.
  const auto pulse = [&](double tau) {
    const double width = 2 * std::sqrt(mobile * tau / p), y = (front - tau) / width;
    if (inlet == Inlet::first_type) return z / tau / (width * std::sqrt(pi)) * mobile * std::exp(-y * y);
    return std::sqrt(p / (pi * mobile * tau)) * std::exp(-y * y) -
           p / (2 * mobile) * exp_erfc(p * z, (front + tau) / width);
  };
  const auto integral = [&](auto&& integrand) {
    // u = sqrt(tau) removes the root at the start; pieces follow the width of the pulse's peak.
    const auto in_root = [&](double u) { return 2 * u * integrand(u * u); };
    const double width = 2 * std::sqrt(2 * mobile * std::max(front, mobile / p) / p);
    double from = 0, sum = 0;
    for (double to : {front - 4 * width, front - 2 * width, front - width, front, front + width, front + 2 * width,
                      front + 4 * width, front + 16 * width, t}) {
      to = std::sqrt(std::clamp(to, 0.0, t));
      if (to <= from) continue;
      sum += boost::math::quadrature::gauss_kronrod<double, 31>::integrate(in_root, from, to, 8, 1e-12);
      from = to;
    }
    return sum;
  };
  const auto a = [&](double tau) { return column.exchange * tau / mobile; };
  const auto b = [&](double tau) { return column.exchange * (t - tau) / immobile; };
  return {integral([&](double tau) { return pulse(tau) * goldstein_j(a(tau), b(tau)); }),
          integral([&](double tau) { return pulse(tau) * (1 - goldstein_j(b(tau), a(tau))); })};
}

}  // namespace residua::exact
