#pragma once
#include <tuple>

#include "kernels/physics/burgers.hpp"
#include "kernels/physics/heat.hpp"
#include "kernels/physics/heat_rod.hpp"
#include "kernels/physics/kdv.hpp"
#include "kernels/physics/kiln_axial.hpp"
#include "kernels/physics/kiln_wall.hpp"
#include "kernels/physics/kuramoto_sivashinsky.hpp"
#include "kernels/physics/leach_column.hpp"
#include "kernels/physics/transport_2d.hpp"

namespace residua::inline RESIDUA_ISA {

/// Every PDE the toolkit knows. Kernels, operators, tests, benchmarks and the command line all walk this list: a new
/// PDE is one header and one line here.
using Registry = std::tuple<physics::Burgers,          //
                            physics::Heat,             //
                            physics::HeatRod,          //
                            physics::Kdv,              //
                            physics::KilnAxial,        //
                            physics::KilnAxialSteady,  //
                            physics::KilnWall,         //
                            physics::KuramotoSivashinsky,
                            physics::LeachColumn,  //
                            physics::Transport2d>;

/// Calls f.template operator()<Physics>() for every physics.
template <class F>
constexpr void for_each_physics(F&& f) {
  [&]<class... Ph>(std::tuple<Ph...>*) { (f.template operator()<Ph>(), ...); }(static_cast<Registry*>(nullptr));
}

}  // namespace residua::inline RESIDUA_ISA
