#pragma once

namespace residua::exact {

/// Heat-transfer solutions around a rotary kiln. SI units (K, W, m, s) unless said. z runs from the feed end, solids
/// flow to +z and gas to -z. Numbers E1... are those of the physics specification. All functions are thread-safe.

constexpr double kStefanBoltzmann = 5.670374419e-8;  ///< [W/m2K4], CODATA 2018

/// Gas and bed temperatures.
struct GasBed {
  double gas;
  double bed;
};

/// Gas, bed and wall temperatures.
struct GasBedWall {
  double gas;
  double bed;
  double wall;
};

/// E1: counter-current exchanger of constant conductance.
///   Cs dTs/dz = U (Tg - Ts),  Cg dTg/dz = U (Tg - Ts),  Ts(0) = bed_inlet, Tg(L) = gas_inlet.
struct CounterCurrent {
  double conductance;  ///< U [W/mK]
  double gas_flow;     ///< Cg, capacity flow [W/K]
  double bed_flow;     ///< Cs [W/K]
  double length;       ///< L [m]
  double bed_inlet;    ///< [K]
  double gas_inlet;    ///< [K]
};
GasBed counter_current(const CounterCurrent& kiln, double z);

/// E2: gas, bed and a wall without capacity that loses heat to ambient; all transfer linear. By matrix exponential.
///   a2 (Tg - Tw) = a3 (Tw - Ts) + Ua (Tw - Ta)
struct WallExchanger {
  double gas_bed;   ///< a1 [W/mK]
  double gas_wall;  ///< a2 [W/mK]
  double wall_bed;  ///< a3 [W/mK]
  double loss;      ///< Ua [W/mK]
  double ambient;   ///< Ta [K]
  double gas_flow;  ///< Cg [W/K]
  double bed_flow;  ///< Cs [W/K]
  double length;    ///< [m]
  double bed_inlet;
  double gas_inlet;
};
GasBedWall wall_exchanger(const WallExchanger& kiln, double z);

/// E5: counter-current exchanger at zero, whose gas inlet (z = L) steps to 1 at t = 0.
///   Tg_t - ug Tg_z = -a (Tg - Ts),  Ts_t + us Ts_z = b (Tg - Ts).
/// By Talbot inversion: good to six digits once both fronts have left (t > 2 (L/ug + L/us)), when the discontinuities
/// they carry are gone; Error for t below L/ug + L/us.
struct DynamicExchanger {
  double gas_speed;  ///< ug
  double bed_speed;  ///< us
  double gas_rate;   ///< a [1/s]
  double bed_rate;   ///< b [1/s]
  double length;     ///< L
};
/// Gas leaving at z = 0 and bed leaving at z = L.
GasBed dynamic_exchanger_outlets(const DynamicExchanger& kiln, double t);

/// E6: slab of half-thickness 1 (x from the middle) and cylinder of radius 1, at 1, put at Fo = 0 into a stream at 0.
/// theta(x, Fo) for a Biot number; series, so Fo >= 1e-6 or 0 (Error between).
double convective_slab(double biot, double fourier, double x);
double convective_cylinder(double biot, double fourier, double x);

/// E7: steady conduction with k = k0 (1 + slope T) between two faces at T1 and T2 (Kirchhoff transform).
struct Conductor {
  double conductivity;    ///< k0 [W/mK]
  double slope;           ///< b [1/K]
  double from, to;        ///< positions x1 < x2, or radii r1 < r2 [m]
  double at_from, at_to;  ///< T1, T2 [K]
};
double kirchhoff_slab(const Conductor& wall, double x);           ///< temperature
double kirchhoff_slab_flux(const Conductor& wall);                ///< [W/m2], positive towards +x
double kirchhoff_cylinder(const Conductor& wall, double radius);  ///< temperature
double kirchhoff_cylinder_flux(const Conductor& wall);            ///< [W/m], positive outwards

/// E8: lumped body, dT/dt = -rate (T^4 - surroundings^4), rate = eps sigma A/(m c) [1/(K3 s)]. A bed in plug flow under
/// a radiator of constant temperature follows the same law with t = z/us.
double radiation_time(double rate, double surroundings, double initial, double temperature);  ///< t at which T is met
double radiation_temperature(double rate, double surroundings, double initial, double t);

/// E10: adiabatic plug flow, any kinetics: T + heating X stays constant; heating = reaction enthalpy per capacity [K].
double adiabatic_temperature(double initial, double heating, double conversion);

}  // namespace residua::exact
