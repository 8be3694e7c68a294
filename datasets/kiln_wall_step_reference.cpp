#include "datasets/kiln_wall_step_reference.hpp"

#include "datasets/exact/kiln.hpp"
#include "datasets/ode.hpp"

namespace residua {

std::vector<WallNodes> kiln_wall_step_reference(const KilnWallNodes& wall, WallNodes start,
                                                const std::vector<double>& times) {
  const auto radiated = [](double emissivity, double t) {
    return emissivity * exact::kStefanBoltzmann * t * t * t * t;
  };
  const auto rate = [&](double, const double* t, double* out) {
    const double through = wall.conductance * (t[0] - t[1]);
    const double gain = wall.film_coefficient * (wall.gas_temperature - t[0]) +
                        radiated(wall.inner_emissivity, wall.gas_temperature) - radiated(wall.inner_emissivity, t[0]);
    const double loss = wall.outer_film * (t[1] - wall.ambient_temperature) + radiated(wall.outer_emissivity, t[1]) -
                        radiated(wall.outer_emissivity, wall.ambient_temperature);
    out[0] = (gain - through) / wall.brick_capacity;
    out[1] = (through - loss) / wall.shell_capacity;
  };
  Ode nodes(rate, 0, {start.brick, start.shell}, {.relative_tolerance = 1e-10, .absolute_tolerance = 1e-8});
  std::vector<WallNodes> out;
  for (const double t : times) {
    const auto state = nodes.advance(t);
    out.push_back({state[0], state[1]});
  }
  return out;
}

}  // namespace residua
