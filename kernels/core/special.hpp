#pragma once
#include "kernels/core/dual.hpp"
#include "kernels/core/taylor.hpp"

namespace residua::inline RESIDUA_ISA {

inline constexpr double kPi = 3.14159265358979323846;
inline constexpr double kTwoOverSqrtPi = 1.12837916709551257390;

namespace detail {
/// (1 + 2 y) erfcx(y) as a polynomial in q = (y - k)/(y + k) with k = 3.75, the form of Shepherd & Laframboise, Math.
/// Comp. 36 (1981) 249; the coefficients are Chebyshev fits, to 2e-15 relative.
template <class S>
inline constexpr double kErfcx[22] = {
    1.2375126308378264,     -0.14024059858554525,    0.003585415485781718,    0.08227673848999506,
    -0.10880393015455231,   0.09230432116428125,     -0.058693398387769283,   0.028362277372111139,
    -0.0097465811943057337, 0.0017556261651970615,   0.00029372142956716086,  -0.00029015535246076896,
    5.1626016222636038e-05, 2.2387565714905518e-05,  -1.1399726074509561e-05, -9.7926257073584404e-07,
    1.6959958080045979e-06, -5.0844653770320292e-08, -2.1430692279160255e-07, 1.8790823210316808e-08,
    1.7552176315051305e-08, -1.9551358830839409e-09};
/// The same to 1.3e-8.
template <>
inline constexpr double kErfcx<float>[12] = {1.237512619,    -0.1402406583,  0.003586270394, 0.08227841998,
                                             -0.1088142701,  0.09229076959,  -0.05864685874, 0.02840925236,
                                             -0.00984449486, 0.001675912218, 0.000396307613, -0.0002241167467};
}  // namespace detail

/// exp(y^2) erfc(y) for y >= 0, to 2e-15 relative in double precision and to rounding in single.
template <class V>
RESIDUA_HD constexpr V erfcx(const V& y) {
  using S = Base<V>;
  constexpr int kTerms = sizeof detail::kErfcx<S> / sizeof(double);
  const V k = number<V>(3.75), q = (y - k) / (y + k), square = q * q;
  // Even and odd powers apart, so that neither sum waits for the other.
  V even = number<V>(detail::kErfcx<S>[kTerms - 2]), odd = number<V>(detail::kErfcx<S>[kTerms - 1]);
  unroll<kTerms / 2 - 1>([&](auto n) {
    constexpr int m = kTerms - 4 - 2 * n;
    even = even * square + number<V>(detail::kErfcx<S>[m]);
    odd = odd * square + number<V>(detail::kErfcx<S>[m + 1]);
  });
  return (even + q * odd) / (1 + y * 2);
}
template <class T, int N>
RESIDUA_HD constexpr Dual<T, N> erfcx(const Dual<T, N>& y) {
  const T f = erfcx(y.v);
  return y.chain(f, 2 * (y.v * f) - number<T>(kTwoOverSqrtPi));
}
template <class T, Channels C>
RESIDUA_HD constexpr Taylor<T, C> erfcx(const Taylor<T, C>& y) {
  typename Taylor<T, C>::Tower d{erfcx(y.e[0])};
  if constexpr (C.order() > 0) d[1] = 2 * (y.e[0] * d[0]) - number<T>(kTwoOverSqrtPi);
  for (int n = 2; n <= C.order(); ++n) d[n] = 2 * (y.e[0] * d[n - 1] + T(n - 1) * d[n - 2]);
  return y.compose(d);
}

/// erfc(x) of any sign; its derivative is the Gaussian.
template <class V>
RESIDUA_HD constexpr V erfc_of(const V& x) {
  const V size = if_less(x, V(0), -x, x), tail = exp(-(x * x)) * erfcx(size);
  return if_less(x, V(0), 2 - tail, tail);
}
template <class T, int N>
RESIDUA_HD constexpr Dual<T, N> erfc_of(const Dual<T, N>& x) {
  return x.chain(erfc_of(x.v), exp(-(x.v * x.v)) * number<T>(-kTwoOverSqrtPi));
}
template <class T, Channels C>
RESIDUA_HD constexpr Taylor<T, C> erfc_of(const Taylor<T, C>& x) {
  typename Taylor<T, C>::Tower d{erfc_of(x.e[0])};
  if constexpr (C.order() > 0) d[1] = exp(-(x.e[0] * x.e[0])) * number<T>(-kTwoOverSqrtPi);
  for (int n = 2; n <= C.order(); ++n) d[n] = -2 * (x.e[0] * d[n - 1] + (n > 2 ? T(n - 2) * d[n - 2] : T(0)));
  return x.compose(d);
}

/// Rise of a half-space over that of the medium that heats it through a film of Biot number Bi, at a distance from its
/// face (Carslaw & Jaeger 1959, section 2.7). `reach` is sqrt(diffusivity * time) in the unit of length that Bi has.
template <class X, class S>
RESIDUA_HD constexpr X half_space(const X& distance, const X& reach, const S& Bi) {
  const X eta = distance / (2 * reach);
  return erfc_of(eta) - exp(-(eta * eta)) * erfcx(eta + reach * Bi);
}
/// Its derivative with respect to Bi.
template <class X, class S>
RESIDUA_HD constexpr X half_space_by_biot(const X& distance, const X& reach, const S& Bi) {
  const X eta = distance / (2 * reach), late = eta + reach * Bi;
  return reach * exp(-(eta * eta)) * (number<S>(kTwoOverSqrtPi) - 2 * late * erfcx(late));
}

}  // namespace residua::inline RESIDUA_ISA
