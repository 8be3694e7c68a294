#pragma once
#include <cmath>
#include <type_traits>

#include "kernels/core/host_device.hpp"

namespace residua::inline RESIDUA_ISA {

// Physics calls exp(x), tanh(x), ... unqualified: these serve float and double, argument-dependent lookup the others.
using std::cos;
using std::exp;
using std::log;
using std::sin;
using std::sqrt;
using std::tanh;

template <class A, class B>
concept SameAs = std::is_same_v<A, B>;

template <class T>
concept Real = std::is_floating_point_v<T>;

/// The floating-point type at the bottom of a scalar: itself for float and double; packs, duals and Taylor scalars say
/// theirs.
template <class T>
struct BaseOf {
  using Type = typename T::Base;
};
template <Real T>
struct BaseOf<T> {
  using Type = T;
};
template <class T>
using Base = typename BaseOf<T>::Type;

/// The constant `c` as a scalar of type V. Physics code writes integer literals; this is for the rest (pi, sigma, ...),
/// and rounds to the scalar's own precision, so that no double instruction slips into a float kernel.
template <class V>
RESIDUA_HD constexpr V number(double c) {
  return V(static_cast<Base<V>>(c));
}

/// `yes` where a < b, else `no`.
template <Real T>
RESIDUA_HD constexpr T if_less(T a, T b, T yes, T no) {
  return a < b ? yes : no;
}

}  // namespace residua::inline RESIDUA_ISA
