#pragma once
#include <array>

#include "kernels/core/dual.hpp"
#include "kernels/core/pack.hpp"

namespace residua::inline RESIDUA_ISA {

/// How the scalar T, in which the two ends of the network run, spreads over columns of values for the layers: a value
/// and its derivatives along directions (a dual), or just one value.
/// Inside the layers neurons lie along the registers, and `Wide` is there what T is at the ends: one T in each lane.
template <class T>
struct Spread;

template <Real S>
struct Spread<S> {
  using Wide = Pack<S>;
  static constexpr int kParts = 1;
  static S get(const S& t, int) { return t; }
  static void set(S& t, int, S value) { t = value; }
  static Pack<S> widen(const S* column, int) { return Pack<S>::load(column); }
  static void narrow(const Pack<S>& wide, S* column, int) { wide.store(column); }
  static Pack<S> broadcast(const S& t) { return t; }
  static S lane(const Pack<S>& wide, int lane) { return wide[lane]; }
  /// One in a lane and zero in the others. Loaded, since to write a lane of a register goes through memory and waits.
  static Pack<S> unit(int lane) {
    constexpr int kLanes = Pack<S>::kLanes;
    static constexpr auto ramp = [] {
      std::array<S, 2 * kLanes - 1> values{};
      values[kLanes - 1] = 1;
      return values;
    }();
    return Pack<S>::load(ramp.data() + (kLanes - 1 - lane));
  }
};

template <Real S, int N>
struct Spread<Dual<S, N>> {
  using Wide = Dual<Pack<S>, N>;
  static constexpr int kParts = 1 + N;
  static S get(const Dual<S, N>& t, int part) { return part == 0 ? t.v : t.d[part - 1]; }
  static void set(Dual<S, N>& t, int part, S value) { (part == 0 ? t.v : t.d[part - 1]) = value; }
  static Wide widen(const S* column, int stride) {
    Wide wide(Pack<S>::load(column));
    for (int n = 0; n < N; ++n) wide.d[n] = Pack<S>::load(column + (n + 1) * stride);
    return wide;
  }
  static void narrow(const Wide& wide, S* column, int stride) {
    wide.v.store(column);
    for (int n = 0; n < N; ++n) wide.d[n].store(column + (n + 1) * stride);
  }
  static Wide broadcast(const Dual<S, N>& t) {
    Wide wide{Pack<S>(t.v)};
    for (int n = 0; n < N; ++n) wide.d[n] = t.d[n];
    return wide;
  }
  static Dual<S, N> lane(const Wide& wide, int lane) {
    Dual<S, N> t(wide.v[lane]);
    for (int n = 0; n < N; ++n) t.d[n] = wide.d[n][lane];
    return t;
  }
  static Wide unit(int lane) { return Wide(Spread<S>::unit(lane)); }
};

}  // namespace residua::inline RESIDUA_ISA
