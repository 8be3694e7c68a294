#pragma once
#include <vector>

namespace residua {

/// A kiln's wall as two nodes, brick and shell, per area of wall; SI units.
///
///   brick_capacity Tb' = film_coefficient (Tgas - Tb) + inner_emissivity sigma (Tgas^4 - Tb^4) - conductance (Tb - Ts)
///   shell_capacity Ts' = conductance (Tb - Ts) - outer_film (Ts - Tamb) - outer_emissivity sigma (Ts^4 - Tamb^4)
struct KilnWallNodes {
  double gas_temperature;   ///< [K], held
  double film_coefficient;  ///< [W/m2K], held
  double conductance;       ///< brick to shell [W/m2K]
  double brick_capacity;    ///< [J/m2K]
  double shell_capacity;    ///< [J/m2K]
  double inner_emissivity;  ///< of the exchange between gas and brick
  double outer_film;        ///< [W/m2K]
  double outer_emissivity;
  double ambient_temperature;  ///< [K]
};

/// Temperatures of both nodes in K.
struct WallNodes {
  double brick, shell;
};

/// The nodes at times [s, not falling] after they were `start`. BDF in time (CVODE) to a relative tolerance of 1e-10.
/// Throws Error if the integration fails. Thread-safe.
std::vector<WallNodes> kiln_wall_step_reference(const KilnWallNodes& wall, WallNodes start,
                                                const std::vector<double>& times);

}  // namespace residua
