#pragma once
#include "kernels/core/channels.hpp"
#include "kernels/core/unroll.hpp"

namespace residua::inline RESIDUA_ISA {

/// coefficient * product of the derivatives in `factor`.
struct Monomial {
  int coefficient = 1, factors = 0;
  Derivative factor[kMaxOrder]{};
};

/// A sum of monomials: how a product or a composition of functions is differentiated.
struct Polynomial {
  static constexpr int kMax = 16;  ///< the partitions of four things, and the subsets of four things
  int count = 0;
  Monomial term[kMax];

  /// Adds a monomial whose factors stand in order, merging it with an equal one.
  constexpr void add(const Monomial& m) {
    for (int t = 0; t < count; ++t) {
      bool equal = term[t].factors == m.factors;
      for (int f = 0; equal && f < m.factors; ++f) equal = term[t].factor[f] == m.factor[f];
      if (equal) {
        term[t].coefficient += m.coefficient;
        return;
      }
    }
    term[count++] = m;
  }
};

namespace detail {
/// The coordinates along which d differentiates, one entry each time.
struct Steps {
  int count = 0;
  Derivative step[kMaxOrder]{};
  constexpr explicit Steps(Derivative d) {
    for (int c = 0; c < kMaxCoords; ++c)
      for (int n = 0; n < times(d, c); ++n) step[count++] = along(c);
  }
};
}  // namespace detail

/// Leibniz' rule: the derivative d of a product, each monomial with one factor of either.
constexpr Polynomial leibniz(Derivative d) {
  Polynomial rule;
  const detail::Steps steps(d);
  for (unsigned subset = 0; subset < 1u << steps.count; ++subset) {
    Derivative left = 0;
    for (int s = 0; s < steps.count; ++s)
      if (subset >> s & 1) left += steps.step[s];
    rule.add({1, 2, {left, d - left}});
  }
  return rule;
}

/// Faà di Bruno's formula: the derivative d of f(z) is the sum of the monomials in the derivatives of z, each times the
/// derivative of f whose order is its number of factors. One monomial per partition of the steps of d into blocks;
/// with `curved` only those of two blocks or more, which leaves out f' times the derivative d of z itself.
constexpr Polynomial faa_di_bruno(Derivative d, bool curved = false) {
  Polynomial rule;
  const detail::Steps steps(d);
  int partitions = 1;
  for (int s = 0; s < steps.count; ++s) partitions *= kMaxOrder;
  for (int code = 0; code < partitions; ++code) {
    // Block of each step; a partition is counted once, where new blocks come in order of number.
    Monomial m;
    bool in_order = true;
    for (int s = 0, rest = code; s < steps.count; ++s, rest /= kMaxOrder) {
      const int block = rest % kMaxOrder;
      if (block > m.factors) in_order = false;
      if (!in_order) break;
      if (block == m.factors) ++m.factors;
      m.factor[block] += steps.step[s];
    }
    if (!in_order || (curved && m.factors < 2)) continue;
    for (int f = 1; f < m.factors; ++f)
      for (int g = f; g > 0 && m.factor[g] < m.factor[g - 1]; --g) {
        const Derivative swapped = m.factor[g];
        m.factor[g] = m.factor[g - 1];
        m.factor[g - 1] = swapped;
      }
    rule.add(m);
  }
  return rule;
}

// Towers: d[n] is the n-th derivative of a function at a point, up to the length of the array; d[0] is given.

/// tanh, from t' = 1 - t^2.
template <class T, std::size_t N>
RESIDUA_HD constexpr void tanh_tower(T (&d)[N]) {
  if constexpr (N > 1) d[1] = 1 - d[0] * d[0];
  if constexpr (N > 2) d[2] = -2 * (d[0] * d[1]);
  if constexpr (N > 3) d[3] = d[1] * (6 * (d[0] * d[0]) - 2);
  if constexpr (N > 4) d[4] = -2 * (3 * (d[1] * d[2]) + d[0] * d[3]);
  if constexpr (N > 5) d[5] = -2 * (3 * (d[2] * d[2]) + 4 * (d[1] * d[3]) + d[0] * d[4]);
  static_assert(N <= 6);
}
/// sin at an angle whose cosine is `cosine`.
template <class T, std::size_t N>
RESIDUA_HD constexpr void sin_tower(const T& cosine, T (&d)[N]) {
  if constexpr (N > 1) d[1] = cosine;
  for (std::size_t n = 2; n < N; ++n) d[n] = -d[n - 2];
}

}  // namespace residua::inline RESIDUA_ISA
