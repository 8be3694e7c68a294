#pragma once
#include "kernels/core/dual.hpp"
#include "kernels/core/pack.hpp"

#if defined(__AVX512F__)
#include <immintrin.h>
#endif

namespace residua::inline RESIDUA_ISA {

namespace detail {
/// 1 / x to 3e-8 of it; a division holds up the multipliers for as long as ten products.
inline Pack<float> reciprocal(Pack<float> x) {
#if defined(__AVX512F__)
  const Pack<float> near = _mm512_maskz_rcp14_ps(0xffff, x.v);
  return near * (2 - x * near);
#else
  return 1 / x;
#endif
}

/// z within -end and end; keeps a NaN.
inline Pack<float> clamped(Pack<float> z, float end) {
  using V = Pack<float>;
#if defined(__AVX512F__)
  // Where one of two is a NaN, these give the second.
  return _mm512_maskz_max_ps(0xffff, V(-end).v, _mm512_maskz_min_ps(0xffff, V(end).v, z.v));
#else
  return if_less(z, V(-end), V(-end), if_less(V(end), z, V(end), z));
#endif
}
}  // namespace detail

/// tanh as z P(z^2) / Q(z^2), fitted for the least relative error on [0, 9]: 2e-8 before rounding. Beyond 9, tanh is 1
/// in single precision. All terms have one sign, so nothing cancels. In less than half the time of libmvec's.
inline Pack<float> quick_tanh(Pack<float> z) {
  using V = Pack<float>;
  constexpr float kEnd = 9;
  z = detail::clamped(z, kEnd);
  const V s = z * z;
  V p = s * V(1.335450133e-8f) + V(2.060897876e-5f), q = s * V(7.776495929e-7f) + V(3.285625207e-4f);
  p = p * s + V(3.49558265e-3f);
  q = q * s + V(2.587696262e-2f);
  p = p * s + V(0.1338102149f);
  q = q * s + V(0.4671433716f);
  return z * (p * s + V(0.9999999797f)) * detail::reciprocal(q * s + V(1));
}
inline Pack<double> quick_tanh(Pack<double> z) { return tanh(z); }
template <class T, int N>
Dual<T, N> quick_tanh(const Dual<T, N>& z) {
  const T t = quick_tanh(z.v);
  return z.chain(t, T(1) - t * t);
}

}  // namespace residua::inline RESIDUA_ISA
