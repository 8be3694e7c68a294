#pragma once
#include "datasets/exact/mim.hpp"

namespace residua::exact {

/// One-dimensional transport of one solute, R C_t = D C_xx - v C_x - mu C, in any one set of units.
/// All functions below give C/C0 of a column first free of solute whose inlet steps to C0 at t = 0; zero for t <= 0.
/// Source: van Genuchten and Alves, USDA Tech. Bull. 1661 (1982), whose case numbers they carry.
struct Adr {
  double velocity;         ///< v > 0, pore water [m/s]
  double dispersion;       ///< D > 0 [m2/s]
  double retardation = 1;  ///< R
  double decay = 0;        ///< mu >= 0 [1/s]
};

/// A1: semi-infinite, first type (Ogata and Banks 1961), with decay.
double adr_first_type(const Adr& column, double x, double t);

/// A2: semi-infinite, third type (Lindstrom 1967), with decay. The closed form with decay cancels as mu D/v^2 falls;
/// below 1e-5 the transform is inverted instead, so that errors stay below 1e-10.
double adr_third_type(const Adr& column, double x, double t);

/// A3 and A4: 0 <= x <= length with zero gradient at x = length, as eigenfunction series (decay must be 0). A4 is
/// Brenner's (1962). The terms cancel when v x/D is large before the front arrives: Error where more than ten digits
/// would be lost; adr_finite() has no such limit.
double adr_finite_first_type_series(const Adr& column, double length, double x, double t);
double adr_finite_third_type_series(const Adr& column, double length, double x, double t);

/// The finite column by inversion of its transform: any decay, any Peclet number up to 200, 1e-9 absolute.
double adr_finite(const Adr& column, Inlet inlet, double length, double x, double t);

}  // namespace residua::exact
