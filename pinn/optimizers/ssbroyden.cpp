#include "pinn/optimizers/ssbroyden.hpp"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace residua {
namespace {

/// a >= 0 (Cauchy-Schwarz); where s and H y are parallel, v vanishes and a only has to leave the quotients finite.
double a_of(double b, double h) { return std::max(b * h - 1, std::numeric_limits<double>::epsilon()); }

double theta_of(double b, double h, double a) {
  const double rho = std::min(1., h * (1 - std::sqrt(a / (1 + a))));
  return std::max((rho - 1) / a, std::min(1 / rho, (1 - b) / b));
}

double phi_of(double theta, double a) { return (1 - theta) / (1 + a * theta); }

}  // namespace

SelfScaling SelfScaling::of(double b, double h, std::int64_t n) {
  const double a = a_of(b, h), theta = theta_of(b, h, a), sigma = 1 + a * theta;
  const double spread = n > 1 ? std::pow(std::abs(sigma), 1 / (1 - double(n))) : 1, rho = std::min(1., 1 / b);
  const double tau = theta <= 0 ? std::min(rho * spread, sigma) : rho * std::min(spread, 1 / theta);
  return {tau, phi_of(theta, a)};
}

SelfScaling SelfScaling::first(double b, double h) {
  const double a = a_of(b, h), theta = theta_of(b, h, a);
  return {h / (1 + a * theta), phi_of(theta, a)};
}

RankTwo broyden_update(const at::Tensor& s, const at::Tensor& y, const at::Tensor& hy, SelfScaling scaling) {
  // All of it is c_ss s s^T + c_sh (s hy^T + hy s^T) + c_hh hy hy^T: a product of two columns with two rows.
  const double ys = at::dot(y, s).item<double>(), yhy = at::dot(y, hy).item<double>();
  const double c_hh = (scaling.phi - 1) / (yhy * scaling.tau), c_sh = -scaling.phi / (ys * scaling.tau);
  const double c_ss = scaling.phi * yhy / (ys * ys * scaling.tau) + 1 / ys;
  return {1 / scaling.tau, at::stack({c_ss * s + c_sh * hy, c_sh * s + c_hh * hy}), at::stack({s, hy})};
}

at::Tensor SsBroyden::precondition(const at::Tensor& gradient) {
  if (!knows()) return gradient.clone();
  if (!here_.gradient.is_same(gradient)) here_ = {gradient, inverse_hessian_.read(gradient)};
  return inverse_hessian_.product(gradient, here_.read);
}

void SsBroyden::learn(const Step& step) {
  const at::Tensor& y = step.gradient_change;
  at::Tensor hy = y;
  Known next;
  if (knows()) {
    next = {step.gradient, inverse_hessian_.read(step.gradient)};
    hy = inverse_hessian_.product(y, next.read - here_.read);
  }
  const double b = step.move_by_model / step.curvature;
  const double h = at::dot(y, hy).item<double>() / step.curvature;
  const std::int64_t n = step.move.numel();
  const SelfScaling scaling = knows() ? SelfScaling::of(b, h, n) : SelfScaling::first(b, h);
  here_ = next;
  if (!(std::isfinite(scaling.tau) && scaling.tau > 0 && std::isfinite(scaling.phi))) return;
  if (!knows()) inverse_hessian_ = UpdatedMatrix(n);
  if (inverse_hessian_.change(broyden_update(step.move, y, hy, scaling))) here_ = {};
}

void SsBroyden::points_changed() {
  QuasiNewton::points_changed();
  if (!knows()) return;
  here_ = {};
  at::Tensor& whole = inverse_hessian_.whole();
  whole = (whole + whole.t()) / 2;
  if (std::get<1>(at::linalg_cholesky_ex(whole)).item<int>() != 0) forget();
}

void SsBroyden::save(OutputArchive& archive) {
  write_value(archive, "knows", knows());
  if (knows()) inverse_hessian_.save(archive);
}

void SsBroyden::load(InputArchive& archive) {
  forget();
  here_ = {};
  if (read_value(archive, "knows").toBool()) inverse_hessian_.load(archive);
}

}  // namespace residua
