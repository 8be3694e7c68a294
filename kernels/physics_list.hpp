#pragma once
#include <tuple>

#include "kernels/physics/advection.hpp"
#include "kernels/physics/allen_cahn.hpp"
#include "kernels/physics/burgers.hpp"
#include "kernels/physics/burgers_periodic.hpp"
#include "kernels/physics/cylinder_cooling.hpp"
#include "kernels/physics/heat.hpp"
#include "kernels/physics/heat_2d.hpp"
#include "kernels/physics/heat_rod.hpp"
#include "kernels/physics/kdv.hpp"
#include "kernels/physics/kdv_periodic.hpp"
#include "kernels/physics/kiln_axial.hpp"
#include "kernels/physics/kiln_wall.hpp"
#include "kernels/physics/kiln_wall_step.hpp"
#include "kernels/physics/kuramoto_sivashinsky.hpp"
#include "kernels/physics/leach_column.hpp"
#include "kernels/physics/ogata_banks.hpp"
#include "kernels/physics/radiation_cooling.hpp"
#include "kernels/physics/slab_cooling.hpp"
#include "kernels/physics/transport_2d.hpp"
#include "kernels/physics/wall_conduction.hpp"

namespace residua::inline RESIDUA_ISA {

/// Every PDE the toolkit knows. Kernels, operators, tests, benchmarks and the command line all walk this list: a new
/// PDE is one header and one line here.
using Registry = std::tuple<physics::Advection,            //
                            physics::AllenCahn,            //
                            physics::Burgers,              //
                            physics::BurgersPeriodic,      //
                            physics::CylinderCooling,      //
                            physics::Heat,                 //
                            physics::Heat2d,               //
                            physics::HeatRod,              //
                            physics::Kdv,                  //
                            physics::KdvPeriodic,          //
                            physics::KilnAxial,            //
                            physics::KilnAxialSteady,      //
                            physics::KilnWall,             //
                            physics::KilnWallStep,         //
                            physics::KuramotoSivashinsky,  //
                            physics::LeachColumn,          //
                            physics::OgataBanks,           //
                            physics::RadiationCooling,     //
                            physics::SlabCooling,          //
                            physics::Transport2d,          //
                            physics::WallConduction>;

}  // namespace residua::inline RESIDUA_ISA
