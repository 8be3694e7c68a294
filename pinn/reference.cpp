#include "pinn/reference.hpp"

#include <cmath>
#include <numbers>

#include "datasets/exact/adr.hpp"
#include "datasets/exact/burgers.hpp"
#include "datasets/exact/kiln.hpp"
#include "datasets/exact/mim.hpp"
#include "datasets/kiln_axial_reference.hpp"
#include "datasets/kiln_wall_reference.hpp"
#include "datasets/kiln_wall_step_reference.hpp"
#include "datasets/periodic_reference.hpp"
#include "kernels/registry.hpp"

namespace residua {
namespace {

/// Writes f(grid point) for every point of a two-dimensional grid.
template <class F>
void for_each_point(const Grid& grid, F&& f) {
  std::size_t at = 0;
  for (const double a : grid.axes[0])
    for (const double b : grid.axes[1]) f(at++, a, b);
}

std::vector<double> solve_burgers(std::span<const double> params, const Grid& grid) {
  std::vector<double> out(grid.points());
  for_each_point(
      grid, [&](std::size_t i, double t, double x) { out[i] = exact::burgers(t, x, params[physics::Burgers::nu]); });
  return out;
}

std::vector<double> solve_heat_rod(std::span<const double> params, const Grid& grid) {
  constexpr double pi = std::numbers::pi;
  std::vector<double> out(grid.points());
  for_each_point(grid, [&](std::size_t i, double t, double x) {
    out[i] = std::exp(-params[physics::HeatRod::a] * pi * pi * t) * std::sin(pi * x);
  });
  return out;
}

std::vector<double> solve_advection(std::span<const double> params, const Grid& grid) {
  std::vector<double> out(grid.points());
  for_each_point(grid,
                 [&](std::size_t i, double t, double x) { out[i] = std::sin(x - params[physics::Advection::c] * t); });
  return out;
}

std::vector<double> solve_heat_2d(std::span<const double> params, const Grid& grid) {
  constexpr double pi = std::numbers::pi;
  const double rate = pi * pi * (400 * params[physics::Heat2d::Dx] + params[physics::Heat2d::Dy]);
  std::vector<double> out;
  for (const double t : grid.axes[0])
    for (const double x : grid.axes[1])
      for (const double y : grid.axes[2]) out.push_back(std::exp(-rate * t) * std::sin(20 * pi * x) * std::sin(pi * y));
  return out;
}

std::vector<double> solve_allen_cahn(std::span<const double> params, const Grid& grid) {
  using Ph = physics::AllenCahn;
  return periodic_reference(allen_cahn_problem(params[Ph::D], params[Ph::r]), grid.axes[0], grid.axes[1],
                            {.points = 8192});  // for the kink of the start
}

std::vector<double> solve_kdv(std::span<const double> params, const Grid& grid) {
  return periodic_reference(kdv_problem(params[physics::Kdv::m]), grid.axes[0], grid.axes[1]);
}

std::vector<double> solve_kuramoto_sivashinsky(std::span<const double> params, const Grid& grid) {
  using Ph = physics::KuramotoSivashinsky;
  return periodic_reference(kuramoto_sivashinsky_problem(params[Ph::a], params[Ph::b], params[Ph::g]), grid.axes[0],
                            grid.axes[1], {.points = 512});
}

std::vector<double> solve_slab_cooling(std::span<const double> params, const Grid& grid) {
  std::vector<double> out(grid.points());
  for_each_point(grid, [&](std::size_t i, double t, double x) {
    out[i] = exact::convective_slab(params[physics::SlabCooling::Bi], t, x);
  });
  return out;
}

std::vector<double> solve_cylinder_cooling(std::span<const double> params, const Grid& grid) {
  std::vector<double> out(grid.points());
  for_each_point(grid, [&](std::size_t i, double t, double r) {
    out[i] = exact::convective_cylinder(params[physics::CylinderCooling::Bi], t, r);
  });
  return out;
}

std::vector<double> solve_wall_conduction(std::span<const double> params, const Grid& grid) {
  using Ph = physics::WallConduction;
  const double ratio = params[Ph::ratio];
  exact::Conductor wall{1, params[Ph::b], 0, 1, params[Ph::Ti], params[Ph::To]};
  std::vector<double> out;
  if (ratio == 1) {
    for (const double x : grid.axes[0]) out.push_back(exact::kirchhoff_slab(wall, x));
  } else {
    wall.from = 1;
    wall.to = ratio;
    for (const double x : grid.axes[0]) out.push_back(exact::kirchhoff_cylinder(wall, 1 + (ratio - 1) * x));
  }
  return out;
}

std::vector<double> solve_radiation_cooling(std::span<const double> params, const Grid& grid) {
  using Ph = physics::RadiationCooling;
  std::vector<double> out;
  for (const double t : grid.axes[0])
    out.push_back(exact::radiation_temperature(params[Ph::K], params[Ph::Ts], params[Ph::Ti], t));
  return out;
}

std::vector<double> solve_ogata_banks(std::span<const double> params, const Grid& grid) {
  const exact::Adr column{1, 1 / params[physics::OgataBanks::Pe]};
  std::vector<double> out(grid.points());
  for_each_point(grid, [&](std::size_t i, double t, double x) {
    out[i] = x == 0 ? 1 : exact::adr_first_type(column, x, t);  // at the corner the inlet holds
  });
  return out;
}

std::vector<double> solve_leach_column(std::span<const double> params, const Grid& grid) {
  using Ph = physics::LeachColumn;
  const exact::Mim column{params[Ph::Pe], params[Ph::R], params[Ph::beta], params[Ph::omega], params[Ph::Da]};
  const std::size_t n = grid.points();
  std::vector<double> out(3 * n);
  for_each_point(grid, [&](std::size_t i, double t, double z) {
    const auto resident = exact::mim_step(column, exact::Inlet::third_type, z, t);
    out[i] = resident.mobile;
    out[n + i] = resident.immobile;
    out[2 * n + i] = exact::mim_step(column, exact::Inlet::first_type, z, t).mobile;
  });
  return out;
}

std::vector<double> solve_kiln_wall(std::span<const double> params, const Grid& grid) {
  using Ph = physics::KilnWall;
  const KilnWall wall{.gas_temperature = params[Ph::Tg],
                      .film_coefficient = params[Ph::h],
                      .thickness = params[Ph::d],
                      .conductivity = params[Ph::k0],
                      .conductivity_slope = params[Ph::b],
                      .heat_capacity = params[Ph::C],
                      .inner_radius = params[Ph::Ri],
                      .inner_emissivity = params[Ph::eps],
                      .shell_capacity = params[Ph::Csh],
                      .outer_film = params[Ph::ho],
                      .outer_emissivity = params[Ph::epso],
                      .ambient_temperature = params[Ph::Ta],
                      .initial_temperature = params[Ph::T0]};
  std::vector<double> seconds;
  for (const double hours : grid.axes[0]) seconds.push_back(3600 * hours);
  return kiln_wall_reference(wall, seconds, grid.axes[1]);
}

std::vector<double> solve_kiln_wall_step(std::span<const double> params, const Grid& grid) {
  using Ph = physics::KilnWallStep;
  const KilnWallNodes wall{.gas_temperature = params[Ph::Tg],
                           .film_coefficient = params[Ph::h],
                           .conductance = params[Ph::U],
                           .brick_capacity = params[Ph::Cb],
                           .shell_capacity = params[Ph::Cs],
                           .inner_emissivity = params[Ph::eps],
                           .outer_film = params[Ph::ho],
                           .outer_emissivity = params[Ph::epso],
                           .ambient_temperature = params[Ph::Ta]};
  const std::size_t n = grid.points();
  std::vector<double> out(2 * n);
  const auto nodes = kiln_wall_step_reference(wall, {params[Ph::Tb0], params[Ph::Ts0]}, grid.axes[0]);
  for (std::size_t i = 0; i < n; ++i) {
    out[i] = nodes[i].brick;
    out[n + i] = nodes[i].shell;
  }
  return out;
}

template <class Ph>
KilnAxial kiln_of(std::span<const double> params) {
  return {.length = params[Ph::L],
          .gas_flow = params[Ph::Cg],
          .bed_flow = params[Ph::Cs],
          .gas_bed = params[Ph::a1],
          .gas_wall = params[Ph::a2],
          .wall_bed = params[Ph::a3],
          .loss = params[Ph::Ua],
          .gas_bed_radiation = params[Ph::w1],
          .gas_wall_radiation = params[Ph::w2],
          .wall_bed_radiation = params[Ph::w3],
          .reaction_heating = params[Ph::H],
          .activation_energy = params[Ph::E],
          .log10_frequency = params[Ph::lgA],
          .residence_time = params[Ph::tau],
          .gas_capacity = params[Ph::g],
          .ambient = params[Ph::Ta],
          .bed_inlet = params[Ph::S0],
          .gas_inlet = params[Ph::GL]};
}

std::vector<double> stacked(const KilnProfiles& profiles) {
  std::vector<double> out;
  for (const auto* rows : {&profiles.gas, &profiles.bed, &profiles.wall, &profiles.conversion})
    out.insert(out.end(), rows->begin(), rows->end());
  return out;
}

std::vector<double> solve_kiln_axial(std::span<const double> params, const Grid& grid) {
  const KilnAxial kiln = kiln_of<physics::KilnAxial>(params);
  return stacked(kiln_axial_dynamic(kiln, grid.axes[0], grid.axes[1], KilnDynamicOptions::from(kiln)));
}

std::vector<double> solve_kiln_axial_steady(std::span<const double> params, const Grid& grid) {
  return stacked(kiln_axial_steady(kiln_of<physics::KilnAxialSteady>(params), grid.axes[0]));
}

struct Entry {
  std::string_view physics;
  Reference reference;
};

const Entry kReferences[] = {
    {physics::Advection::name, {"exact", solve_advection}},
    {physics::AllenCahn::name, {"Fourier series, Runge-Kutta", solve_allen_cahn}},
    {physics::Burgers::name, {"exact (Cole-Hopf)", solve_burgers}},
    {physics::BurgersPeriodic::name, {"exact (Cole-Hopf)", solve_burgers}},
    {physics::CylinderCooling::name, {"exact (series)", solve_cylinder_cooling}},
    {physics::Heat2d::name, {"exact", solve_heat_2d}},
    {physics::HeatRod::name, {"exact", solve_heat_rod}},
    {physics::Kdv::name, {"Fourier series, Runge-Kutta", solve_kdv}},
    {physics::KdvPeriodic::name, {"Fourier series, Runge-Kutta", solve_kdv}},
    {physics::KilnAxial::name, {"finite differences, IDA", solve_kiln_axial}},
    {physics::KilnAxialSteady::name, {"collocation, Newton", solve_kiln_axial_steady}},
    {physics::KilnWall::name, {"finite volumes, CVODE", solve_kiln_wall}},
    {physics::KilnWallStep::name, {"CVODE", solve_kiln_wall_step}},
    {physics::KuramotoSivashinsky::name, {"Fourier series, Runge-Kutta", solve_kuramoto_sivashinsky}},
    {physics::LeachColumn::name, {"exact (Laplace inversion)", solve_leach_column}},
    {physics::OgataBanks::name, {"exact", solve_ogata_banks}},
    {physics::RadiationCooling::name, {"exact", solve_radiation_cooling}},
    {physics::SlabCooling::name, {"exact (series)", solve_slab_cooling}},
    {physics::WallConduction::name, {"exact (Kirchhoff)", solve_wall_conduction}}};

}  // namespace

std::size_t Grid::points() const {
  std::size_t n = 1;
  for (const auto& axis : axes) n *= axis.size();
  return n;
}

std::vector<double> Grid::rows() const {
  const std::size_t n = points();
  std::vector<double> rows(axes.size() * n);
  std::size_t block = n;
  for (std::size_t c = 0; c < axes.size(); ++c) {
    block /= axes[c].size();
    for (std::size_t i = 0; i < n; ++i) rows[c * n + i] = axes[c][i / block % axes[c].size()];
  }
  return rows;
}

const Reference* find_reference(std::string_view physics) {
  for (const Entry& entry : kReferences)
    if (entry.physics == physics) return &entry.reference;
  return nullptr;
}

}  // namespace residua
