#pragma once
#include <type_traits>
#include <utility>

#include "kernels/core/host_device.hpp"

namespace residua::inline RESIDUA_ISA {

/// f(0), f(1), ..., f(N - 1), each with its number as a compile-time constant.
template <int N, class F>
[[gnu::always_inline]] RESIDUA_HD constexpr void unroll(F&& f) {
  [&]<int... K>(std::integer_sequence<int, K...>) __attribute__((always_inline)) {
    (f(std::integral_constant<int, K>()), ...);
  }
  (std::make_integer_sequence<int, N>());
}

}  // namespace residua::inline RESIDUA_ISA
