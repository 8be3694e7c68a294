#pragma once

namespace residua::exact {

/// Scaled complementary error function exp(y^2) erfc(y); finite for every y > -26, relative error below 1e-12.
/// Keeps products such as exp(vx/D) erfc(y) from overflowing (leach transport solutions at high Peclet number).
double erfcx(double y);

/// exp(a) erfc(y) without overflow of exp(a) where erfc(y) is tiny.
double exp_erfc(double a, double y);

}  // namespace residua::exact
