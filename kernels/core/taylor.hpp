#pragma once
#include "kernels/core/channels.hpp"
#include "kernels/core/scalar.hpp"

namespace residua::inline RESIDUA_ISA {

/// A value with its derivatives along the coordinates, one entry a channel: the scalar on which features and transforms
/// run, so that composing them with a network needs no derivative code.
/// T is a real, a pack, or a dual of those; two operands may differ in T (a plain factor times a dual one).
template <class T, Channels C>
struct Taylor {
  using Base = residua::Base<T>;
  static constexpr Channels kChannels = C;
  T e[C.count]{};

  Taylor() = default;
  RESIDUA_HD constexpr Taylor(int c) { e[0] = T(c); }
  RESIDUA_HD constexpr Taylor(T value) { e[0] = value; }
  RESIDUA_HD explicit constexpr Taylor(Base c) requires(!SameAs<Base, T>) { e[0] = T(c); }

  /// The coordinate c itself at `value`.
  RESIDUA_HD static constexpr Taylor coordinate(T value, int c) {
    Taylor x(value);
    if (const int k = C.first(c); k != Channels::kNone) x.e[k] = T(1);
    return x;
  }

  RESIDUA_HD const T& value() const { return e[0]; }

  /// f(*this), given the value and the first two derivatives of f: Faà di Bruno to second order.
  RESIDUA_HD Taylor compose(T f, T df, T ddf) const {
    Taylor r(f);
    for (int k = 1; k < C.count; ++k) r.e[k] = df * e[k];
    for (int k = C.first_order + 1; k < C.count; ++k) r.e[k] = r.e[k] + ddf * (e[C.first(C.i[k])] * e[C.first(C.j[k])]);
    return r;
  }
};

namespace detail {
template <class A, class B>
using Sum = decltype(A() + B());
}

template <class A, class B, Channels C>
RESIDUA_HD auto operator+(const Taylor<A, C>& a, const Taylor<B, C>& b) {
  Taylor<detail::Sum<A, B>, C> r;
  for (int k = 0; k < C.count; ++k) r.e[k] = a.e[k] + b.e[k];
  return r;
}
template <class A, class B, Channels C>
RESIDUA_HD auto operator-(const Taylor<A, C>& a, const Taylor<B, C>& b) {
  Taylor<detail::Sum<A, B>, C> r;
  for (int k = 0; k < C.count; ++k) r.e[k] = a.e[k] - b.e[k];
  return r;
}
template <class A, class B, Channels C>
RESIDUA_HD auto operator*(const Taylor<A, C>& a, const Taylor<B, C>& b) {
  Taylor<detail::Sum<A, B>, C> r;
  r.e[0] = a.e[0] * b.e[0];
  for (int k = 1; k < C.count; ++k) r.e[k] = a.e[k] * b.e[0] + a.e[0] * b.e[k];
  for (int k = C.first_order + 1; k < C.count; ++k) {
    const int i = C.first(C.i[k]), j = C.first(C.j[k]);
    r.e[k] = r.e[k] + a.e[i] * b.e[j] + a.e[j] * b.e[i];
  }
  return r;
}
template <class T, Channels C>
RESIDUA_HD Taylor<T, C> inverse(const Taylor<T, C>& a) {
  const T f = T(1) / a.e[0], f2 = f * f;
  return a.compose(f, -f2, f2 * f * T(2));
}
template <class A, class B, Channels C>
RESIDUA_HD auto operator/(const Taylor<A, C>& a, const Taylor<B, C>& b) {
  return a * inverse(b);
}
template <class T, Channels C>
RESIDUA_HD Taylor<T, C> operator-(const Taylor<T, C>& a) {
  return a.compose(-a.e[0], T(-1), T(0));
}

// Constants: an integer literal, or a scalar without coordinate derivatives (a parameter of the physics).
namespace detail {
template <class S, class T>
concept ConstantOf = SameAs<S, int> ||(std::is_convertible_v<S, T>&& SameAs<Base<S>, Base<T>>);

/// An integer becomes a T; any other constant stays what it is, so that a plain factor skips a dual's derivatives.
template <class T, class S>
RESIDUA_HD constexpr auto constant(const S& c) {
  if constexpr (SameAs<S, int>)
    return T(residua::Base<T>(c));
  else
    return c;
}
template <class T, Channels C, class S>
RESIDUA_HD Taylor<T, C> shift(Taylor<T, C> a, const S& c) {
  a.e[0] = a.e[0] + c;
  return a;
}
template <class T, Channels C, class S>
RESIDUA_HD Taylor<T, C> scale(Taylor<T, C> a, const S& c) {
  for (T& x : a.e) x = x * c;
  return a;
}
}  // namespace detail

template <class T, Channels C, detail::ConstantOf<T> S>
RESIDUA_HD Taylor<T, C> operator+(const Taylor<T, C>& a, const S& c) {
  return detail::shift(a, detail::constant<T>(c));
}
template <class T, Channels C, detail::ConstantOf<T> S>
RESIDUA_HD Taylor<T, C> operator+(const S& c, const Taylor<T, C>& a) {
  return a + c;
}
template <class T, Channels C, detail::ConstantOf<T> S>
RESIDUA_HD Taylor<T, C> operator-(const Taylor<T, C>& a, const S& c) {
  return detail::shift(a, -detail::constant<T>(c));
}
template <class T, Channels C, detail::ConstantOf<T> S>
RESIDUA_HD Taylor<T, C> operator-(const S& c, const Taylor<T, C>& a) {
  return detail::shift(-a, detail::constant<T>(c));
}
template <class T, Channels C, detail::ConstantOf<T> S>
RESIDUA_HD Taylor<T, C> operator*(const Taylor<T, C>& a, const S& c) {
  return detail::scale(a, detail::constant<T>(c));
}
template <class T, Channels C, detail::ConstantOf<T> S>
RESIDUA_HD Taylor<T, C> operator*(const S& c, const Taylor<T, C>& a) {
  return a * c;
}
template <class T, Channels C, detail::ConstantOf<T> S>
RESIDUA_HD Taylor<T, C> operator/(const Taylor<T, C>& a, const S& c) {
  return detail::scale(a, 1 / detail::constant<T>(c));
}
template <class T, Channels C, detail::ConstantOf<T> S>
RESIDUA_HD Taylor<T, C> operator/(const S& c, const Taylor<T, C>& a) {
  return inverse(a) * c;
}

template <class T, Channels C>
RESIDUA_HD Taylor<T, C> exp(const Taylor<T, C>& a) {
  const T f = exp(a.e[0]);
  return a.compose(f, f, f);
}
template <class T, Channels C>
RESIDUA_HD Taylor<T, C> log(const Taylor<T, C>& a) {
  const T d = T(1) / a.e[0];
  return a.compose(log(a.e[0]), d, -(d * d));
}
template <class T, Channels C>
RESIDUA_HD Taylor<T, C> sqrt(const Taylor<T, C>& a) {
  const T f = sqrt(a.e[0]), d = T(1) / (f + f);
  return a.compose(f, d, -d / (a.e[0] + a.e[0]));
}
template <class T, Channels C>
RESIDUA_HD Taylor<T, C> sin(const Taylor<T, C>& a) {
  const T s = sin(a.e[0]);
  return a.compose(s, cos(a.e[0]), -s);
}
template <class T, Channels C>
RESIDUA_HD Taylor<T, C> cos(const Taylor<T, C>& a) {
  const T c = cos(a.e[0]);
  return a.compose(c, -sin(a.e[0]), -c);
}
template <class T, Channels C>
RESIDUA_HD Taylor<T, C> tanh(const Taylor<T, C>& a) {
  const T t = tanh(a.e[0]), d = T(1) - t * t;
  return a.compose(t, d, T(-2) * t * d);
}

}  // namespace residua::inline RESIDUA_ISA
