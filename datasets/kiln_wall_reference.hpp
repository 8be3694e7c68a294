#pragma once
#include <vector>

namespace residua {

/// Radial conduction through a kiln's brick from the gas to the shell, SI units.
///
///   heat_capacity T_t = (1/r) d/dr( r k(T) T_r ),  k(T) = conductivity (1 + slope T),  inner_radius <= r <= +
///   thickness inner: -k T_r = film_coefficient (Tgas - T) + inner_emissivity sigma (Tgas^4 - T^4) outer: -k T_r =
///   shell_capacity T_t + outer_film (T - Tamb) + outer_emissivity sigma (T^4 - Tamb^4)
///
/// The shell is thin and conducts well: it has the temperature of the brick's outer face.
struct KilnWall {
  double gas_temperature;     ///< [K]
  double film_coefficient;    ///< [W/m2K]
  double thickness;           ///< of the brick [m]
  double conductivity;        ///< k0 [W/mK]
  double conductivity_slope;  ///< of k with T [1/K]
  double heat_capacity;       ///< per volume [J/m3K]
  double inner_radius;        ///< [m]
  double inner_emissivity;    ///< of the exchange between gas and brick
  double shell_capacity;      ///< per area of the outer face [J/m2K], 0 for no shell
  double outer_film;          ///< [W/m2K]
  double outer_emissivity;
  double ambient_temperature;  ///< [K]
  double initial_temperature;  ///< everywhere at t = 0 [K]
};

/// Resolution and accuracy.
struct KilnWallOptions {
  int cells = 200;
  double grading = 3;       ///< the outermost cell is e^grading times as thick as the innermost
  double tolerance = 1e-9;  ///< relative, of the time integration
};

/// T(t_i, x_j) in K at [i * positions + j]; x = (r - inner_radius)/thickness in 0..1, times in s, not falling.
/// Finite volumes in r whose fluxes follow the Kirchhoff transform (the steady state of any k(T) is exact in a
/// cylinder), faces solved for by Newton's method, BDF in time; second order in the cells.
/// Throws Error for bad input or a failed integration. Thread-safe.
std::vector<double> kiln_wall_reference(const KilnWall& wall, const std::vector<double>& times,
                                        const std::vector<double>& positions, const KilnWallOptions& options = {});

}  // namespace residua
