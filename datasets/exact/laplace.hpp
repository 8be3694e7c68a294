#pragma once
#include <cmath>
#include <complex>
#include <numbers>

namespace residua::exact {

/// Numerical inversion of a Laplace transform by the fixed Talbot contour, for any real type with its complex type.
///
/// f(t) ~ (r/M) [ F(r) e^{rt}/2 + sum_{k=1}^{M-1} Re( e^{ts_k} F(s_k) (1 + i sigma_k) ) ], r = 2M/(5t).
/// Source: Abate and Valko, Int. J. Numer. Meth. Engng 60 (2004) 979. About 0.6 M correct digits in M-digit arithmetic:
/// in double, M = 24 gives some 10 digits for smooth f. Not for f with a travelling discontinuity near t.
template <class Real, class Complex, class Transform>
Real talbot(const Transform& transform, Real t, int points) {
  using std::cos;
  using std::exp;
  using std::sin;
  const Real r = Real(2 * points) / (5 * t);
  const Real pi = acos(Real(-1));
  Real sum = exp(Real(r * t)) * transform(Complex(r, Real(0))).real() / 2;
  for (int k = 1; k < points; ++k) {
    const Real theta = k * pi / points;
    const Real cotangent = cos(theta) / sin(theta);
    const Complex s(Real(r * theta * cotangent), Real(r * theta));
    const Real sigma = theta + (theta * cotangent - 1) * cotangent;
    const Complex weight(Real(1), sigma);
    const Complex term = exp(Complex(s * t)) * transform(s) * weight;
    sum += term.real();
  }
  return sum * r / points;
}

/// The same in double precision with 24 points.
template <class Transform>
double talbot(const Transform& transform, double t) {
  return talbot<double, std::complex<double>>(transform, t, 24);
}

}  // namespace residua::exact
