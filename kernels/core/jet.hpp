#pragma once
#include "kernels/core/taylor.hpp"

namespace residua::inline RESIDUA_ISA {

/// A few values of one type: the rows that a residual or a transform returns.
template <class T, int N>
struct Rows {
  static constexpr int kCount = N;
  T row[N];
  RESIDUA_HD constexpr const T& operator[](int k) const { return row[k]; }
  RESIDUA_HD constexpr T& operator[](int k) { return row[k]; }
};
template <class T, class... Rest>
RESIDUA_HD constexpr Rows<T, 1 + sizeof...(Rest)> rows(const T& first, const Rest&... rest) {
  return {{first, T(rest)...}};
}

/// What a residual may look at, at one point: coordinates u.at(x), fields u[T], derivatives u.d(T, x), u.d(T, x, x), up
/// to order four.
/// X is the type of the coordinates: plain where T is a dual along the fields, on which no coordinate depends.
template <class T, int Fields, int Coords, Channels C, class X = T>
struct Jet {
  using Scalar = T;
  X x[Coords];
  Taylor<T, C> field[Fields];

  RESIDUA_HD constexpr const X& at(int coord) const { return x[coord]; }
  RESIDUA_HD constexpr const T& operator[](int f) const { return field[f].e[0]; }
  template <class... More>
  RESIDUA_HD constexpr const T& d(int f, int coord, More... more) const {
    return field[f].e[C.find((along(coord) + ... + along(more)))];
  }
};

/// A scalar that computes nothing: residuals run on it at compile time, only to see which derivatives they read.
struct Trace {
  using Base = double;
  constexpr Trace() = default;
  constexpr Trace(double) {}
  friend constexpr Trace operator+(Trace, Trace) { return {}; }
  friend constexpr Trace operator-(Trace, Trace) { return {}; }
  friend constexpr Trace operator*(Trace, Trace) { return {}; }
  friend constexpr Trace operator/(Trace, Trace) { return {}; }
  friend constexpr Trace operator-(Trace) { return {}; }
  friend constexpr Trace exp(Trace) { return {}; }
  friend constexpr Trace log(Trace) { return {}; }
  friend constexpr Trace sqrt(Trace) { return {}; }
  friend constexpr Trace sin(Trace) { return {}; }
  friend constexpr Trace cos(Trace) { return {}; }
  friend constexpr Trace tanh(Trace) { return {}; }
  friend constexpr Trace if_less(Trace, Trace, Trace, Trace) { return {}; }
};

struct TraceJet {
  using Scalar = Trace;
  ChannelUse* use;
  constexpr Trace at(int) const { return {}; }
  constexpr Trace operator[](int) const { return {}; }
  template <class... More>
  constexpr Trace d(int, int coord, More... more) const {
    return use->note((along(coord) + ... + along(more))), Trace{};
  }
};

}  // namespace residua::inline RESIDUA_ISA
