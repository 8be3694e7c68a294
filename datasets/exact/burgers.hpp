#pragma once

namespace residua::exact {

/// Burgers' equation u_t + u u_x = nu u_xx with u(x, 0) = -sin(pi x), u(+-1, t) = 0: u at (t, x), by the Cole-Hopf
/// transform and Gauss-Hermite quadrature.
///
///   u = -int sin(pi (x-e)) f(x-e) exp(-e^2/4 nu t) de / int f(x-e) exp(-e^2/4 nu t) de,
///   f(y) = exp(-cos(pi y)/(2 pi nu))
///
/// Source: Basdevant et al., Comput. Fluids 14 (1986) 23. Exponents are summed before exp() and their maximum taken
/// out, so nu = 0.01/pi neither overflows nor loses its tails; 1e-10 absolute for t <= 1 and nu >= 0.01/pi.
/// Throws Error for t < 0 or nu <= 0. Thread-safe.
double burgers(double t, double x, double nu);

}  // namespace residua::exact
