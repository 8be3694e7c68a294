#pragma once
#include <vector>

namespace residua {

/// A counter-current kiln along its axis: gas Tg (flows to -z), bed Ts and conversion X (flow to +z), wall Tw without
/// capacity. z in 0..1 from the feed end, t in residence times of the bed.
///
///   g Tg_t - Tg_z = -(L/Cg) (q_gb + q_gw)
///     Ts_t + Ts_z =  (L/Cs) (q_gb + q_wb) - H r
///      X_t +  X_z = r,   r = A tau exp(-E/(R Ts)) (1 - X)
///               0 = q_gw - q_wb - Ua (Tw - Ta)
///   q_ij = a_ij (Ti - Tj) + w_ij sigma (Ti^4 - Tj^4)  [W/m]
///   Ts(0) = bed_inlet, X(0) = 0, Tg(1) = gas_inlet
struct KilnAxial {
  double length;                  ///< L [m]
  double gas_flow;                ///< Cg, capacity flow [W/K]
  double bed_flow;                ///< Cs [W/K]
  double gas_bed;                 ///< a_gb [W/mK]
  double gas_wall;                ///< a_gw [W/mK]
  double wall_bed;                ///< a_wb [W/mK]
  double loss;                    ///< Ua, wall to ambient [W/mK]
  double gas_bed_radiation = 0;   ///< w_gb [m]
  double gas_wall_radiation = 0;  ///< w_gw [m]
  double wall_bed_radiation = 0;  ///< w_wb [m]
  double reaction_heating = 0;    ///< H, reaction enthalpy over bed capacity [K]; > 0 takes heat up
  double activation_energy = 0;   ///< E [J/mol]
  double log10_frequency = -300;  ///< log10 of A [1/s]; the default is no reaction
  double residence_time = 1;      ///< tau of the bed [s]
  double gas_capacity = 0;        ///< g, gas over bed residence time [-]; 0 makes the gas quasi-steady
  double ambient = 298;           ///< Ta [K]
  double bed_inlet = 300;         ///< [K]
  double gas_inlet = 1100;        ///< [K]
};

/// Profiles value(t_i, z_j) at [i * positions + j] (one row if steady), with the heat balance of each row: storage
/// rate less what enters less losses, over Cg |gas_inlet - bed_inlet|. It measures the discretisation.
struct KilnProfiles {
  std::vector<double> gas, bed, wall, conversion;
  std::vector<double> imbalance;
};

/// The steady state at positions z, by collocation (fourth-order Hermite-Simpson on `intervals` equal intervals) and
/// damped Newton's method with sparse LU; radiation and reaction are raised from 0 in steps where they must be.
/// Where an exothermic reaction has several steady states it finds one of them. Positions at nodes are exact to the
/// scheme; between nodes the local cubic is used. Throws Error if Newton's method fails, as it may where the reaction
/// zone is narrower than an interval. Thread-safe.
KilnProfiles kiln_axial_steady(const KilnAxial& kiln, const std::vector<double>& positions, int intervals = 400);

/// State at t = 0 (uniform, X = 0) and resolution.
struct KilnDynamicOptions {
  double initial_bed;  ///< [K]
  double initial_gas;  ///< [K], used if gas_capacity > 0
  int intervals = 400;
  double tolerance = 1e-8;  ///< relative, of the time integration

  /// The bed at its inlet temperature, the gas at its own.
  static KilnDynamicOptions from(const KilnAxial& kiln) { return {kiln.bed_inlet, kiln.gas_inlet}; }
};

/// The way from a uniform state, at times not falling (in residence times). Third-order upwind-biased differences on
/// equal intervals with the wall (and a quasi-steady gas) as algebraic unknowns, variable-order BDF (SUNDIALS IDA).
/// The kink that runs along z = t is smeared over a few intervals. Throws Error on failure. Thread-safe.
KilnProfiles kiln_axial_dynamic(const KilnAxial& kiln, const std::vector<double>& times,
                                const std::vector<double>& positions, const KilnDynamicOptions& options);

}  // namespace residua
