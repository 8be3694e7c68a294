#pragma once
#include "kernels/core/special.hpp"
#include "kernels/points.hpp"
#include "kernels/propagation.hpp"

namespace residua::inline RESIDUA_ISA {

// An activation function f of one argument. `evaluate` gives f(z) and writes the kSaved values from which, with z and
// f(z), `tower` has all derivatives without another transcendental function: they are kept from the way forward for the
// way back. `tower` gets f(z) in d[0] and fills the rest.

struct Tanh {
  static constexpr int kSaved = 0;
  template <class T>
  RESIDUA_HD static T evaluate(const T& z, T*) {
    return tanh(z);
  }
  template <class T, std::size_t N>
  RESIDUA_HD static void tower(const T&, const T*, T (&d)[N]) {
    tanh_tower(d);
  }
};

struct Sin {
  static constexpr int kSaved = 1;  ///< cos z
  template <class T>
  RESIDUA_HD static T evaluate(const T& z, T* saved) {
    saved[0] = cos(z);
    return sin(z);
  }
  template <class T, std::size_t N>
  RESIDUA_HD static void tower(const T&, const T* saved, T (&d)[N]) {
    sin_tower(saved[0], d);
  }
};

/// z g(z) with the logistic function g, whose derivatives are polynomials in g.
struct Silu {
  static constexpr int kSaved = 1;  ///< g
  template <class T>
  RESIDUA_HD static T evaluate(const T& z, T* saved) {
    saved[0] = 1 / (1 + exp(-z));
    return z * saved[0];
  }
  template <class T, std::size_t N>
  RESIDUA_HD static void tower(const T& z, const T* saved, T (&d)[N]) {
    const T g = saved[0], p = g * (1 - g), odd = 1 - 2 * g;
    const T logistic[6] = {g, p, p * odd, p * (1 - 6 * p), p * odd * (1 - 12 * p), p * (1 - p * (30 - 120 * p))};
    for (std::size_t n = 1; n < N; ++n) d[n] = z * logistic[n] + T(int(n)) * logistic[n - 1];
    static_assert(N <= 6);
  }
};

/// z Phi(z) with the normal distribution function Phi (Hendrycks & Gimpel, arXiv:1606.08415).
struct Gelu {
  static constexpr int kSaved = 2;  ///< Phi and its density
  template <class T>
  RESIDUA_HD static T evaluate(const T& z, T* saved) {
    saved[0] = erfc_of(z * number<T>(-0.70710678118654752440)) * number<T>(0.5);
    saved[1] = exp(z * z * number<T>(-0.5)) * number<T>(0.39894228040143267794);
    return z * saved[0];
  }
  template <class T, std::size_t N>
  RESIDUA_HD static void tower(const T& z, const T* saved, T (&d)[N]) {
    T normal[N < 2 ? 2 : N] = {saved[0], saved[1]};  // the derivatives of Phi: Hermite's recurrence
    for (std::size_t n = 2; n < N; ++n)
      normal[n] = n == 2 ? -(z * normal[1]) : -(z * normal[n - 1] + T(int(n) - 2) * normal[n - 2]);
    for (std::size_t n = 1; n < N; ++n) d[n] = z * normal[n] + T(int(n)) * normal[n - 1];
  }
};

inline constexpr int kMaxSaved = 2;

/// f(the function) for the activation of that name. A trainable slope is folded into the weights beforehand, so that
/// here it is a plain tanh.
template <class F>
RESIDUA_HD auto with_activation(Activation activation, F&& f) {
  switch (activation) {
    case Activation::sin:
      return f(Sin());
    case Activation::silu:
      return f(Silu());
    case Activation::gelu:
      return f(Gelu());
    case Activation::tanh:
    case Activation::tanh_slope:
      break;
  }
  return f(Tanh());
}

/// An activation and its first N - 1 derivatives at z.
template <class T, int N>
struct Tower {
  T d[N];
  RESIDUA_HD static Tower at(Activation activation, const T& z) {
    return with_activation(activation, [&](auto function) {
      T saved[kMaxSaved];
      Tower tower;
      tower.d[0] = function.evaluate(z, saved);
      function.tower(z, saved, tower.d);
      return tower;
    });
  }
};

/// One term of the curved part of Faà di Bruno's formula for a channel: curve times the derivative of f whose order is
/// the number of factors; of the collapsed channel also times the coefficient of a leaf.
struct CurvedTerm {
  int channel = 0;
  int leaf = -1;
  int coefficient = 1, factors = 0;
  int factor[kMaxOrder]{};  ///< channels
};
struct CurvedTerms {
  int count = 0;
  CurvedTerm term[64];
};
template <Propagation P>
inline constexpr CurvedTerms kCurvedTerms = [] {
  CurvedTerms all;
  const auto append = [&](int channel, int leaf, Derivative d) {
    const Polynomial rule = faa_di_bruno(d, true);
    for (int t = 0; t < rule.count; ++t) {
      CurvedTerm term{channel, leaf, rule.term[t].coefficient, rule.term[t].factors, {}};
      for (int n = 0; n < term.factors; ++n) term.factor[n] = P.base.find(rule.term[t].factor[n]);
      all.term[all.count++] = term;
    }
  };
  for (int k = 1; k < P.base.count; ++k) append(k, -1, P.base.derivative[k]);
  for (int m = 0; m < P.curved; ++m) append(P.base.count, m, P.leaf[m]);
  return all;
}();

/// A curved term without its derivative of f: the coefficients times all factors but the one left out (-1: none).
template <Propagation P, int Term, int LeftOut, class T, class C>
[[gnu::always_inline]] RESIDUA_HD inline T curve(const T& seed, const C* leaf, const T* z) {
  constexpr CurvedTerm term = kCurvedTerms<P>.term[Term];
  T r = seed;
  if constexpr (term.coefficient != 1) r = r * T(term.coefficient);
  if constexpr (term.leaf >= 0) r = r * T(leaf[term.leaf]);
  unroll<term.factors>([&](auto n) __attribute__((always_inline)) {
    if constexpr (n != LeftOut) r = r * z[term.factor[n]];
  });
  return r;
}

/// The activation on what is propagated, a = f(z), given the tower of f at the value z[0] and the coefficients of the
/// curved leaves.
template <Propagation P, class T, std::size_t N, class C>
[[gnu::always_inline]] RESIDUA_HD inline void activate(const T (&f)[N], const C* leaf, const T* z, T* a) {
  static_assert(N > std::size_t(P.order()));
  a[0] = f[0];
  unroll<P.count() - 1>([&](auto k) __attribute__((always_inline)) { a[k + 1] = f[1] * z[k + 1]; });
  unroll<kCurvedTerms<P>.count>([&](auto t) __attribute__((always_inline)) {
    constexpr CurvedTerm term = kCurvedTerms<P>.term[t];
    a[term.channel] = a[term.channel] + curve<P, t, -1>(f[term.factors], leaf, z);
  });
}

/// The reverse of `activate`: from adjoints a_bar of a to adjoints z_bar of z (z[0] is not read). The tower is one
/// derivative longer.
template <Propagation P, class T, std::size_t N, class C>
[[gnu::always_inline]] RESIDUA_HD inline void activate_reverse(const T (&f)[N], const C* leaf, const T* z,
                                                               const T* a_bar, T* z_bar) {
  static_assert(N > std::size_t(P.order() + 1));
  z_bar[0] = f[1] * a_bar[0];
  if constexpr (P.count() > 1) {
    T slope = a_bar[1] * z[1];
    unroll<P.count() - 2>([&](auto k) __attribute__((always_inline)) { slope = slope + a_bar[k + 2] * z[k + 2]; });
    z_bar[0] = z_bar[0] + f[2] * slope;
    unroll<P.count() - 1>([&](auto k) __attribute__((always_inline)) { z_bar[k + 1] = f[1] * a_bar[k + 1]; });
  }
  unroll<kCurvedTerms<P>.count>([&](auto t) __attribute__((always_inline)) {
    constexpr int which = t;
    constexpr CurvedTerm term = kCurvedTerms<P>.term[which];
    z_bar[0] = z_bar[0] + curve<P, which, -1>(f[term.factors + 1] * a_bar[term.channel], leaf, z);
    const T seed = f[term.factors] * a_bar[term.channel];
    unroll<term.factors>([&](auto n) __attribute__((always_inline)) {
      z_bar[term.factor[n]] = z_bar[term.factor[n]] + curve<P, which, n>(seed, leaf, z);
    });
  });
}

}  // namespace residua::inline RESIDUA_ISA
