#pragma once
#include "kernels/core/calculus.hpp"
#include "kernels/core/scalar.hpp"

namespace residua::inline RESIDUA_ISA {

/// A value with its derivatives along the coordinates, one entry a channel: the scalar on which features and transforms
/// run, so that composing them with a network needs no derivative code.
/// T is a real, a pack, or a dual of those; two operands may differ in T (a plain factor times a dual one).
template <class T, Channels C>
struct Taylor {
  using Base = residua::Base<T>;
  using Tower = T[C.order() + 1];  ///< a function of one variable with its derivatives
  static constexpr Channels kChannels = C;
  T e[C.count]{};

  Taylor() = default;
  RESIDUA_HD constexpr Taylor(int c) { e[0] = T(c); }
  RESIDUA_HD constexpr Taylor(T value) { e[0] = value; }
  RESIDUA_HD explicit constexpr Taylor(Base c) requires(!SameAs<Base, T>) { e[0] = T(c); }

  /// The coordinate c itself at `value`.
  RESIDUA_HD static constexpr Taylor coordinate(T value, int c) {
    Taylor x(value);
    if (const int k = C.find(along(c)); k != Channels::kNone) x.e[k] = T(1);
    return x;
  }

  RESIDUA_HD constexpr const T& value() const { return e[0]; }

  /// f(*this), given the derivatives of f at the value.
  RESIDUA_HD constexpr Taylor compose(const Tower& f) const {
    Taylor r(f[0]);
    unroll<C.count - 1>([&](auto channel) {
      constexpr int k = channel + 1;
      constexpr Polynomial rule = faa_di_bruno(C.derivative[k], true);
      r.e[k] = f[1] * e[k];
      unroll<rule.count>([&](auto t) {
        constexpr Monomial m = rule.term[t];
        T term = e[C.find(m.factor[0])];
        unroll<m.factors - 1>([&](auto n) { term = term * e[C.find(m.factor[n + 1])]; });
        if constexpr (m.coefficient != 1) term = term * T(m.coefficient);
        r.e[k] = r.e[k] + f[m.factors] * term;
      });
    });
    return r;
  }
};

namespace detail {
template <class A, class B>
using Sum = decltype(A() + B());
}

template <class A, class B, Channels C>
RESIDUA_HD constexpr auto operator+(const Taylor<A, C>& a, const Taylor<B, C>& b) {
  Taylor<detail::Sum<A, B>, C> r;
  for (int k = 0; k < C.count; ++k) r.e[k] = a.e[k] + b.e[k];
  return r;
}
template <class A, class B, Channels C>
RESIDUA_HD constexpr auto operator-(const Taylor<A, C>& a, const Taylor<B, C>& b) {
  Taylor<detail::Sum<A, B>, C> r;
  for (int k = 0; k < C.count; ++k) r.e[k] = a.e[k] - b.e[k];
  return r;
}
template <class A, class B, Channels C>
RESIDUA_HD constexpr auto operator*(const Taylor<A, C>& a, const Taylor<B, C>& b) {
  Taylor<detail::Sum<A, B>, C> r;
  unroll<C.count>([&](auto k) {
    constexpr Polynomial rule = leibniz(C.derivative[k]);
    r.e[k] = a.e[0] * b.e[k];
    unroll<rule.count - 1>([&](auto t) {
      constexpr Monomial m = rule.term[t + 1];
      auto term = a.e[C.find(m.factor[0])] * b.e[C.find(m.factor[1])];
      if constexpr (m.coefficient != 1) term = term * A(m.coefficient);
      r.e[k] = r.e[k] + term;
    });
  });
  return r;
}
template <class T, Channels C>
RESIDUA_HD constexpr Taylor<T, C> inverse(const Taylor<T, C>& a) {
  typename Taylor<T, C>::Tower d{T(1) / a.e[0]};
  for (int n = 1; n <= C.order(); ++n) d[n] = d[n - 1] * d[0] * T(-n);
  return a.compose(d);
}
template <class A, class B, Channels C>
RESIDUA_HD constexpr auto operator/(const Taylor<A, C>& a, const Taylor<B, C>& b) {
  return a * inverse(b);
}
template <class T, Channels C>
RESIDUA_HD constexpr Taylor<T, C> operator-(Taylor<T, C> a) {
  for (T& x : a.e) x = -x;
  return a;
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
RESIDUA_HD constexpr Taylor<T, C> shift(Taylor<T, C> a, const S& c) {
  a.e[0] = a.e[0] + c;
  return a;
}
template <class T, Channels C, class S>
RESIDUA_HD constexpr Taylor<T, C> scale(Taylor<T, C> a, const S& c) {
  for (T& x : a.e) x = x * c;
  return a;
}
}  // namespace detail

template <class T, Channels C, detail::ConstantOf<T> S>
RESIDUA_HD constexpr Taylor<T, C> operator+(const Taylor<T, C>& a, const S& c) {
  return detail::shift(a, detail::constant<T>(c));
}
template <class T, Channels C, detail::ConstantOf<T> S>
RESIDUA_HD constexpr Taylor<T, C> operator+(const S& c, const Taylor<T, C>& a) {
  return a + c;
}
template <class T, Channels C, detail::ConstantOf<T> S>
RESIDUA_HD constexpr Taylor<T, C> operator-(const Taylor<T, C>& a, const S& c) {
  return detail::shift(a, -detail::constant<T>(c));
}
template <class T, Channels C, detail::ConstantOf<T> S>
RESIDUA_HD constexpr Taylor<T, C> operator-(const S& c, const Taylor<T, C>& a) {
  return detail::shift(-a, detail::constant<T>(c));
}
template <class T, Channels C, detail::ConstantOf<T> S>
RESIDUA_HD constexpr Taylor<T, C> operator*(const Taylor<T, C>& a, const S& c) {
  return detail::scale(a, detail::constant<T>(c));
}
template <class T, Channels C, detail::ConstantOf<T> S>
RESIDUA_HD constexpr Taylor<T, C> operator*(const S& c, const Taylor<T, C>& a) {
  return a * c;
}
template <class T, Channels C, detail::ConstantOf<T> S>
RESIDUA_HD constexpr Taylor<T, C> operator/(const Taylor<T, C>& a, const S& c) {
  return detail::scale(a, 1 / detail::constant<T>(c));
}
template <class T, Channels C, detail::ConstantOf<T> S>
RESIDUA_HD constexpr Taylor<T, C> operator/(const S& c, const Taylor<T, C>& a) {
  return inverse(a) * c;
}

template <class T, Channels C>
RESIDUA_HD constexpr Taylor<T, C> exp(const Taylor<T, C>& a) {
  typename Taylor<T, C>::Tower d{exp(a.e[0])};
  for (int n = 1; n <= C.order(); ++n) d[n] = d[0];
  return a.compose(d);
}
template <class T, Channels C>
RESIDUA_HD constexpr Taylor<T, C> log(const Taylor<T, C>& a) {
  typename Taylor<T, C>::Tower d{log(a.e[0])};
  const T inverse = T(1) / a.e[0];
  for (int n = 1; n <= C.order(); ++n) d[n] = n == 1 ? inverse : d[n - 1] * inverse * T(1 - n);
  return a.compose(d);
}
template <class T, Channels C>
RESIDUA_HD constexpr Taylor<T, C> sqrt(const Taylor<T, C>& a) {
  typename Taylor<T, C>::Tower d{sqrt(a.e[0])};
  const T half = T(1) / (a.e[0] + a.e[0]);
  for (int n = 1; n <= C.order(); ++n) d[n] = n == 1 ? d[0] * half : d[n - 1] * half * T(3 - 2 * n);
  return a.compose(d);
}
template <class T, Channels C>
RESIDUA_HD constexpr Taylor<T, C> sin(const Taylor<T, C>& a) {
  typename Taylor<T, C>::Tower d{sin(a.e[0])};
  if constexpr (C.order() > 0) sin_tower(cos(a.e[0]), d);
  return a.compose(d);
}
template <class T, Channels C>
RESIDUA_HD constexpr Taylor<T, C> cos(const Taylor<T, C>& a) {
  typename Taylor<T, C>::Tower d{cos(a.e[0])};
  if constexpr (C.order() > 0) sin_tower(-sin(a.e[0]), d);  // cos x = sin(x + pi/2)
  return a.compose(d);
}
template <class T, Channels C>
RESIDUA_HD constexpr Taylor<T, C> tanh(const Taylor<T, C>& a) {
  typename Taylor<T, C>::Tower d{tanh(a.e[0])};
  tanh_tower(d);
  return a.compose(d);
}

}  // namespace residua::inline RESIDUA_ISA
