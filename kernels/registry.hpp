#pragma once
#include "kernels/physics_list.hpp"

namespace residua::inline RESIDUA_ISA {

/// Calls f.template operator()<Physics>() for every physics.
template <class F>
constexpr void for_each_physics(F&& f) {
  [&]<class... Ph>(std::tuple<Ph...>*) { (f.template operator()<Ph>(), ...); }(static_cast<Registry*>(nullptr));
}

/// Calls it for the physics at a position in the registry only; whether there is one.
template <class F>
constexpr bool visit_physics(int position, F&& f) {
  int left = position;
  bool found = false;
  for_each_physics([&]<class Ph>() {
    if (left-- != 0) return;
    found = true;
    f.template operator()<Ph>();
  });
  return found;
}

}  // namespace residua::inline RESIDUA_ISA
