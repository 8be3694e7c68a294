#pragma once
#include "kernels/core/host_device.hpp"

namespace residua::inline RESIDUA_ISA {

/// Which derivatives a jet carries: channel 0 is the value, then come first derivatives, then second ones.
/// A set is closed: a second derivative brings its two first ones, since the chain rule needs them.
/// It is a value template parameter, so every loop over channels unrolls and no channel is propagated that nobody
/// reads.
struct Channels {
  static constexpr int kMaxCoords = 4;
  static constexpr int kMax = 1 + kMaxCoords + kMaxCoords * (kMaxCoords + 1) / 2;
  static constexpr int kNone = -1;

  int count = 1;
  int first_order = 0;    ///< number of first derivatives
  int i[kMax] = {kNone};  ///< channel k is the derivative along i[k] ...
  int j[kMax] = {kNone};  ///< ... and along j[k] >= i[k]; kNone: a lower order

  constexpr bool operator==(const Channels&) const = default;

  /// Position of the first derivative along c, kNone if it is not carried.
  RESIDUA_HD constexpr int first(int c) const {
    for (int k = 1; k <= first_order; ++k)
      if (i[k] == c) return k;
    return kNone;
  }
  /// Position of the second derivative along a and b, kNone if it is not carried.
  RESIDUA_HD constexpr int second(int a, int b) const {
    for (int k = first_order + 1; k < count; ++k)
      if ((i[k] == a && j[k] == b) || (i[k] == b && j[k] == a)) return k;
    return kNone;
  }
  constexpr bool contains(const Channels& other) const {
    for (int k = 1; k < other.count; ++k)
      if ((other.j[k] == kNone ? first(other.i[k]) : second(other.i[k], other.j[k])) == kNone) return false;
    return true;
  }
};

/// Collects the derivatives a functor reads, and closes the set.
struct ChannelUse {
  bool first[Channels::kMaxCoords]{};
  bool second[Channels::kMaxCoords][Channels::kMaxCoords]{};

  constexpr void note(int a) { first[a] = true; }
  constexpr void note(int a, int b) {
    first[a] = first[b] = true;
    second[a < b ? a : b][a < b ? b : a] = true;
  }
  constexpr Channels channels() const {
    Channels set;
    for (int a = 0; a < Channels::kMaxCoords; ++a)
      if (first[a]) append(set, a, Channels::kNone);
    set.first_order = set.count - 1;
    for (int a = 0; a < Channels::kMaxCoords; ++a)
      for (int b = a; b < Channels::kMaxCoords; ++b)
        if (second[a][b]) append(set, a, b);
    return set;
  }

 private:
  static constexpr void append(Channels& set, int a, int b) {
    set.i[set.count] = a;
    set.j[set.count] = b;
    ++set.count;
  }
};

}  // namespace residua::inline RESIDUA_ISA
