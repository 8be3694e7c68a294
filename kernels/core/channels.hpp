#pragma once
#include "kernels/core/host_device.hpp"

namespace residua::inline RESIDUA_ISA {

/// A mixed derivative by its number of times along each coordinate, packed into one integer, so that sums of
/// derivatives are sums of integers: u_txx is along(t) + 2 along(x).
using Derivative = int;
inline constexpr int kMaxOrder = 4;   ///< of a derivative
inline constexpr int kMaxCoords = 4;  ///< of a physics
namespace detail {
inline constexpr int kDigit = 8;  // more than twice kMaxOrder would ever need: sums of two derivatives do not carry
}
RESIDUA_HD constexpr Derivative along(int coord) {
  Derivative d = 1;
  for (int c = 0; c < coord; ++c) d *= detail::kDigit;
  return d;
}
RESIDUA_HD constexpr int times(Derivative d, int coord) { return d / along(coord) % detail::kDigit; }
RESIDUA_HD constexpr int order(Derivative d) {
  int sum = 0;
  for (; d > 0; d /= detail::kDigit) sum += d % detail::kDigit;
  return sum;
}
/// Whether d is a derivative of a: nowhere fewer times.
RESIDUA_HD constexpr bool includes(Derivative d, Derivative a) {
  for (int c = 0; c < kMaxCoords; ++c)
    if (times(d, c) < times(a, c)) return false;
  return true;
}

/// Which derivatives a jet carries, the value first, then by order. A set is closed: with a derivative come all those
/// of which it is one, since the chain rule needs them. It is a value template parameter, so every loop over channels
/// unrolls and no channel is propagated that nobody reads.
struct Channels {
  static constexpr int kMax = 24;
  static constexpr int kNone = -1;

  int count = 1;
  Derivative derivative[kMax] = {0};

  constexpr bool operator==(const Channels&) const = default;

  /// Position of a derivative, kNone if it is not carried.
  RESIDUA_HD constexpr int find(Derivative d) const {
    for (int k = 0; k < count; ++k)
      if (derivative[k] == d) return k;
    return kNone;
  }
  RESIDUA_HD constexpr int order() const { return residua::order(derivative[count - 1]); }
  constexpr bool contains(const Channels& other) const {
    for (int k = 0; k < other.count; ++k)
      if (find(other.derivative[k]) == kNone) return false;
    return true;
  }
  /// Whether no other channel is a derivative of channel k: the chain rule then reads it for itself alone.
  constexpr bool leaf(int k) const {
    for (int m = 0; m < count; ++m)
      if (m != k && includes(derivative[m], derivative[k])) return false;
    return true;
  }
  constexpr Channels without(const bool (&left_out)[kMax]) const {
    Channels rest;
    rest.count = 0;
    for (int k = 0; k < count; ++k)
      if (!left_out[k]) rest.derivative[rest.count++] = derivative[k];
    return rest;
  }
};

/// Collects the derivatives a functor reads, and closes the set.
struct ChannelUse {
  Channels set{};  ///< in the order of first use

  constexpr void note(Derivative d) {
    if (set.find(d) != Channels::kNone) return;
    set.derivative[set.count++] = d;
    for (int c = 0; c < kMaxCoords; ++c)
      if (times(d, c) > 0) note(d - along(c));
  }
  constexpr Channels channels() const {
    Channels sorted = set;
    const auto before = [](Derivative a, Derivative b) { return order(a) != order(b) ? order(a) < order(b) : a < b; };
    for (int k = 1; k < sorted.count; ++k)
      for (int m = k; m > 0 && before(sorted.derivative[m], sorted.derivative[m - 1]); --m) {
        const Derivative d = sorted.derivative[m];
        sorted.derivative[m] = sorted.derivative[m - 1];
        sorted.derivative[m - 1] = d;
      }
    return sorted;
  }
};

}  // namespace residua::inline RESIDUA_ISA
