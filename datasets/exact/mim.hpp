#pragma once

namespace residua::exact {

/// Mobile-immobile (or two-site) solute transport, nondimensional: Z = z/L, T = v t/L, c = C/C0.
///
///   beta R c_T     = c_ZZ/Pe - c_Z - omega (c - m) - Da c
///   (1-beta) R m_T = omega (c - m) - Da m
///
/// for a column first free of solute whose inlet steps to 1 at T = 0.
/// Source: Toride, Leij, van Genuchten, Water Resour. Res. 29 (1993) 2167 (Da = 0); decay enters the transform only.
struct Mim {
  double peclet;               ///< Pe = v L/D > 0
  double retardation = 1;      ///< R >= 1
  double mobile_fraction = 1;  ///< beta in (0, 1]; at 1 the immobile water holds nothing
  double exchange = 0;         ///< omega >= 0
  double decay = 0;            ///< Da = lambda L/v >= 0, in both phases
};

/// First type: c = 1 at Z = 0; equally the flux concentration c - c_Z/Pe of the third-type column.
/// Third type: c - c_Z/Pe = 1 at Z = 0; the resident concentration.
enum class Inlet { first_type, third_type };

/// Concentrations of the mobile (c) and the immobile (m) water.
struct MimValue {
  double mobile;
  double immobile;
};

/// Step response of the semi-infinite column at (Z, T), to 1e-9 absolute for Pe <= 200, Z <= 1.5; zero for T <= 0.
/// The transform is inverted on a parabola laid through the saddle point, where the integrand falls like a Gaussian,
/// so that values long before the front come out as accurately as those behind it. Thread-safe.
/// About 1.2 us a call for both values: 20 to 60 transform evaluations.
/// Throws Error for parameters outside the ranges given at Mim.
MimValue mim_step(const Mim& column, Inlet inlet, double z, double t);

/// The same for a column that ends at Z = length with zero gradient.
MimValue mim_step_finite(const Mim& column, Inlet inlet, double length, double z, double t);

/// Step response minus the same `duration` later: a pulse of unit concentration.
MimValue mim_pulse(const Mim& column, Inlet inlet, double duration, double z, double t);

/// The step response by quadrature of Toride's integrals (decay must be 0, beta < 1, omega > 0): slow, an independent
/// check.
///   c = int_0^T G(tau) J(a, b) dtau,  m = int_0^T G(tau) [1 - J(b, a)] dtau,
///   a = omega tau/(beta R),  b = omega (T - tau)/((1-beta) R)
MimValue mim_step_quadrature(const Mim& column, Inlet inlet, double z, double t);

/// Goldstein's J(x, y) = 1 - e^{-y} int_0^x e^{-t} I0(2 sqrt(y t)) dt, x, y >= 0 (Marcum's Q1(sqrt 2y, sqrt 2x)).
double goldstein_j(double x, double y);

}  // namespace residua::exact
