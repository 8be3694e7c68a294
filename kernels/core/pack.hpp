#pragma once
#include <cstring>
#include <utility>

#include "kernels/core/scalar.hpp"

namespace residua::inline RESIDUA_ISA {

/// Bytes of the widest vector register that this translation unit may use.
#if defined(__AVX512F__)
inline constexpr int kVectorBytes = 64;
inline constexpr int kVectorRegisters = 32;
#elif defined(__AVX2__)
inline constexpr int kVectorBytes = 32;
inline constexpr int kVectorRegisters = 16;
#else
inline constexpr int kVectorBytes = 16;
inline constexpr int kVectorRegisters = 16;
#endif

namespace detail {
// gcc drops the attribute when the element type depends on a template parameter.
template <class S>
struct VectorOf;
template <>
struct VectorOf<float> {
  typedef float Type __attribute__((vector_size(kVectorBytes)));
};
template <>
struct VectorOf<double> {
  typedef double Type __attribute__((vector_size(kVectorBytes)));
};
}  // namespace detail

/// One vector register of S: a scalar whose arithmetic acts on kLanes points at once.
template <Real S>
struct Pack {
  using Base = S;
  static constexpr int kLanes = kVectorBytes / int(sizeof(S));
  using Vector = typename detail::VectorOf<S>::Type;
  Vector v;

  Pack() = default;
  Pack(Vector vector) : v(vector) {}
  Pack(S value) : v(value - Vector{}) {}  // not a sum: -0 + 0 is +0, so the addition would stay
  Pack(int value) : Pack(S(value)) {}

  static Pack load(const S* p) {
    Pack r;
    std::memcpy(&r.v, p, sizeof r.v);
    return r;
  }
  void store(S* p) const { std::memcpy(p, &v, sizeof v); }

  S operator[](int lane) const { return v[lane]; }
  void set(int lane, S value) { v[lane] = value; }

  friend Pack operator+(Pack a, Pack b) { return a.v + b.v; }
  friend Pack operator-(Pack a, Pack b) { return a.v - b.v; }
  friend Pack operator*(Pack a, Pack b) { return a.v * b.v; }
  friend Pack operator/(Pack a, Pack b) { return a.v / b.v; }
  friend Pack operator-(Pack a) { return -a.v; }
  Pack& operator+=(Pack b) { return v += b.v, *this; }

  friend Pack if_less(Pack a, Pack b, Pack yes, Pack no) { return Vector(a.v < b.v ? yes.v : no.v); }

  S sum() const {
    S total = 0;
    for (int lane = 0; lane < kLanes; ++lane) total += v[lane];
    return total;
  }
};

namespace detail {
// gcc vectorises exp and its like only under -ffast-math, which would delete the NaN checks; so the vector functions of
// glibc's libmvec (at most 4 ulp, says its manual) are called here by their ABI names. As they depend on nothing but
// their argument, the same call need not be made twice.
using F = Pack<float>::Vector;
using D = Pack<double>::Vector;
#if defined(__AVX512F__)
[[gnu::const]] F vector_exp(F) __asm__("_ZGVeN16v_expf");
[[gnu::const]] D vector_exp(D) __asm__("_ZGVeN8v_exp");
[[gnu::const]] F vector_log(F) __asm__("_ZGVeN16v_logf");
[[gnu::const]] D vector_log(D) __asm__("_ZGVeN8v_log");
[[gnu::const]] F vector_sin(F) __asm__("_ZGVeN16v_sinf");
[[gnu::const]] D vector_sin(D) __asm__("_ZGVeN8v_sin");
[[gnu::const]] F vector_cos(F) __asm__("_ZGVeN16v_cosf");
[[gnu::const]] D vector_cos(D) __asm__("_ZGVeN8v_cos");
[[gnu::const]] F vector_tanh(F) __asm__("_ZGVeN16v_tanhf");
[[gnu::const]] D vector_tanh(D) __asm__("_ZGVeN8v_tanh");
#elif defined(__AVX2__)
[[gnu::const]] F vector_exp(F) __asm__("_ZGVdN8v_expf");
[[gnu::const]] D vector_exp(D) __asm__("_ZGVdN4v_exp");
[[gnu::const]] F vector_log(F) __asm__("_ZGVdN8v_logf");
[[gnu::const]] D vector_log(D) __asm__("_ZGVdN4v_log");
[[gnu::const]] F vector_sin(F) __asm__("_ZGVdN8v_sinf");
[[gnu::const]] D vector_sin(D) __asm__("_ZGVdN4v_sin");
[[gnu::const]] F vector_cos(F) __asm__("_ZGVdN8v_cosf");
[[gnu::const]] D vector_cos(D) __asm__("_ZGVdN4v_cos");
[[gnu::const]] F vector_tanh(F) __asm__("_ZGVdN8v_tanhf");
[[gnu::const]] D vector_tanh(D) __asm__("_ZGVdN4v_tanh");
#else
[[gnu::const]] F vector_exp(F) __asm__("_ZGVbN4v_expf");
[[gnu::const]] D vector_exp(D) __asm__("_ZGVbN2v_exp");
[[gnu::const]] F vector_log(F) __asm__("_ZGVbN4v_logf");
[[gnu::const]] D vector_log(D) __asm__("_ZGVbN2v_log");
[[gnu::const]] F vector_sin(F) __asm__("_ZGVbN4v_sinf");
[[gnu::const]] D vector_sin(D) __asm__("_ZGVbN2v_sin");
[[gnu::const]] F vector_cos(F) __asm__("_ZGVbN4v_cosf");
[[gnu::const]] D vector_cos(D) __asm__("_ZGVbN2v_cos");
[[gnu::const]] F vector_tanh(F) __asm__("_ZGVbN4v_tanhf");
[[gnu::const]] D vector_tanh(D) __asm__("_ZGVbN2v_tanh");
#endif
}  // namespace detail

template <Real S>
Pack<S> sqrt(Pack<S> a) {
  for (int lane = 0; lane < Pack<S>::kLanes; ++lane) a.v[lane] = std::sqrt(a.v[lane]);
  return a;
}
template <Real S>
Pack<S> exp(Pack<S> a) {
  return detail::vector_exp(a.v);
}
template <Real S>
Pack<S> log(Pack<S> a) {
  return detail::vector_log(a.v);
}
template <Real S>
Pack<S> sin(Pack<S> a) {
  return detail::vector_sin(a.v);
}
template <Real S>
Pack<S> cos(Pack<S> a) {
  return detail::vector_cos(a.v);
}
template <Real S>
Pack<S> tanh(Pack<S> a) {
  return detail::vector_tanh(a.v);
}

namespace detail {
/// Lane l of the result: a[l] + a[l ^ Distance] where bit Distance of l is clear, else the same of b.
template <int Distance, Real S, int... Lane>
Pack<S> fold(Pack<S> a, Pack<S> b, std::integer_sequence<int, Lane...>) {
  constexpr int n = Pack<S>::kLanes;
  return __builtin_shufflevector(a.v, b.v, (Lane & Distance ? n + Lane : Lane)...) +
         __builtin_shufflevector(a.v, b.v, (Lane & Distance ? n + (Lane ^ Distance) : Lane ^ Distance)...);
}
template <int Distance, Real S, int Count>
Pack<S> fold_all(const Pack<S> (&v)[Count]) {
  if constexpr (Count == 1) {
    return v[0];
  } else {
    Pack<S> half[Count / 2];
    for (int i = 0; i < Count / 2; ++i)
      half[i] = fold<Distance>(v[2 * i], v[2 * i + 1], std::make_integer_sequence<int, Pack<S>::kLanes>());
    return fold_all<2 * Distance>(half);
  }
}
}  // namespace detail

/// Lane l of the result is the sum over the lanes of v[l]; v holds as many packs as a pack has lanes.
template <Real S>
Pack<S> lane_sums(const Pack<S>* v) {
  Pack<S> all[Pack<S>::kLanes];
  for (int i = 0; i < Pack<S>::kLanes; ++i) all[i] = v[i];
  return detail::fold_all<1>(all);
}

}  // namespace residua::inline RESIDUA_ISA
