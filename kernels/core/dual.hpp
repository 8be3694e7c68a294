#pragma once
#include "kernels/core/scalar.hpp"

namespace residua::inline RESIDUA_ISA {

/// First-order dual number: a value and its derivatives along N directions. T is any scalar, a pack or another dual.
/// Run on duals, a residual gives its own Jacobian: nobody writes an adjoint.
template <class T, int N>
struct Dual {
  using Base = residua::Base<T>;
  T v{};
  T d[N]{};

  Dual() = default;
  RESIDUA_HD constexpr Dual(int c) : v(c) {}
  RESIDUA_HD constexpr Dual(T value) : v(value) {}
  RESIDUA_HD explicit constexpr Dual(Base c) requires(!SameAs<Base, T>) : v(c) {}

  /// The variable along direction k.
  RESIDUA_HD static constexpr Dual seed(T value, int k) {
    Dual s(value);
    s.d[k] = T(1);
    return s;
  }

  RESIDUA_HD friend constexpr Dual operator+(const Dual& a, const Dual& b) {
    Dual r(a.v + b.v);
    for (int k = 0; k < N; ++k) r.d[k] = a.d[k] + b.d[k];
    return r;
  }
  RESIDUA_HD friend constexpr Dual operator-(const Dual& a, const Dual& b) {
    Dual r(a.v - b.v);
    for (int k = 0; k < N; ++k) r.d[k] = a.d[k] - b.d[k];
    return r;
  }
  RESIDUA_HD friend constexpr Dual operator*(const Dual& a, const Dual& b) {
    Dual r(a.v * b.v);
    for (int k = 0; k < N; ++k) r.d[k] = a.d[k] * b.v + a.v * b.d[k];
    return r;
  }
  RESIDUA_HD friend constexpr Dual operator/(const Dual& a, const Dual& b) {
    const T inverse = T(1) / b.v;
    Dual r(a.v * inverse);
    for (int k = 0; k < N; ++k) r.d[k] = (a.d[k] - r.v * b.d[k]) * inverse;
    return r;
  }
  RESIDUA_HD friend constexpr Dual operator-(const Dual& a) { return a.scaled(T(-1)); }

  // Constants mix in without a detour through N zero derivatives.
  RESIDUA_HD friend constexpr Dual operator+(const Dual& a, T c) { return a.shifted(c); }
  RESIDUA_HD friend constexpr Dual operator+(T c, const Dual& a) { return a.shifted(c); }
  RESIDUA_HD friend constexpr Dual operator-(const Dual& a, T c) { return a.shifted(-c); }
  RESIDUA_HD friend constexpr Dual operator-(T c, const Dual& a) { return (-a).shifted(c); }
  RESIDUA_HD friend constexpr Dual operator*(const Dual& a, T c) { return a.scaled(c); }
  RESIDUA_HD friend constexpr Dual operator*(T c, const Dual& a) { return a.scaled(c); }
  RESIDUA_HD friend constexpr Dual operator/(const Dual& a, T c) { return a.scaled(T(1) / c); }
  RESIDUA_HD friend constexpr Dual operator/(T c, const Dual& a) {
    const T value = c / a.v;
    return a.chain(value, -value / a.v);
  }
  RESIDUA_HD friend constexpr Dual operator+(const Dual& a, int c) { return a + T(c); }
  RESIDUA_HD friend constexpr Dual operator+(int c, const Dual& a) { return a + T(c); }
  RESIDUA_HD friend constexpr Dual operator-(const Dual& a, int c) { return a - T(c); }
  RESIDUA_HD friend constexpr Dual operator-(int c, const Dual& a) { return T(c) - a; }
  RESIDUA_HD friend constexpr Dual operator*(const Dual& a, int c) { return a * T(c); }
  RESIDUA_HD friend constexpr Dual operator*(int c, const Dual& a) { return a * T(c); }
  RESIDUA_HD friend constexpr Dual operator/(const Dual& a, int c) { return a / T(c); }
  RESIDUA_HD friend constexpr Dual operator/(int c, const Dual& a) { return T(c) / a; }

  RESIDUA_HD Dual& operator+=(const Dual& b) { return *this = *this + b; }

  RESIDUA_HD constexpr Dual shifted(T c) const {
    Dual r = *this;
    r.v = v + c;
    return r;
  }
  RESIDUA_HD constexpr Dual scaled(T c) const { return chain(v * c, c); }
  /// f(*this), given the value and the derivative of f.
  RESIDUA_HD constexpr Dual chain(T f, T df) const {
    Dual r(f);
    for (int k = 0; k < N; ++k) r.d[k] = df * d[k];
    return r;
  }
};

template <class T, int N>
RESIDUA_HD constexpr Dual<T, N> exp(const Dual<T, N>& a) {
  const T e = exp(a.v);
  return a.chain(e, e);
}
template <class T, int N>
RESIDUA_HD constexpr Dual<T, N> log(const Dual<T, N>& a) {
  return a.chain(log(a.v), T(1) / a.v);
}
template <class T, int N>
RESIDUA_HD constexpr Dual<T, N> sqrt(const Dual<T, N>& a) {
  const T s = sqrt(a.v);
  return a.chain(s, T(1) / (s + s));
}
template <class T, int N>
RESIDUA_HD constexpr Dual<T, N> sin(const Dual<T, N>& a) {
  return a.chain(sin(a.v), cos(a.v));
}
template <class T, int N>
RESIDUA_HD constexpr Dual<T, N> cos(const Dual<T, N>& a) {
  return a.chain(cos(a.v), -sin(a.v));
}
template <class T, int N>
RESIDUA_HD constexpr Dual<T, N> tanh(const Dual<T, N>& a) {
  const T t = tanh(a.v);
  return a.chain(t, T(1) - t * t);
}
template <class T, int N>
RESIDUA_HD constexpr Dual<T, N> if_less(const Dual<T, N>& a, const Dual<T, N>& b, const Dual<T, N>& yes,
                                        const Dual<T, N>& no) {
  Dual<T, N> r(if_less(a.v, b.v, yes.v, no.v));
  for (int k = 0; k < N; ++k) r.d[k] = if_less(a.v, b.v, yes.d[k], no.d[k]);
  return r;
}

}  // namespace residua::inline RESIDUA_ISA
