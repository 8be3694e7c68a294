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

void broyden_update(at::Tensor& inverse_hessian, const at::Tensor& s, const at::Tensor& y, const at::Tensor& hy,
                    SelfScaling scaling) {
  // All of it is c_ss s s^T + c_sh (s hy^T + hy s^T) + c_hh hy hy^T: a product of two columns with two rows.
  const double ys = at::dot(y, s).item<double>(), yhy = at::dot(y, hy).item<double>();
  const double c_hh = (scaling.phi - 1) / (yhy * scaling.tau), c_sh = -scaling.phi / (ys * scaling.tau);
  const double c_ss = scaling.phi * yhy / (ys * ys * scaling.tau) + 1 / ys;
  const at::Tensor columns = at::stack({c_ss * s + c_sh * hy, c_sh * s + c_hh * hy}, 1);
  inverse_hessian.addmm_(columns, at::stack({s, hy}), 1 / scaling.tau);
}

at::Tensor SsBroyden::precondition(const at::Tensor& gradient) const {
  return knows() ? at::mv(inverse_hessian_, gradient) : gradient.clone();
}

void SsBroyden::learn(const Step& step) {
  const at::Tensor hy = precondition(step.gradient_change);
  const double b = step.move_by_model / step.curvature;
  const double h = at::dot(step.gradient_change, hy).item<double>() / step.curvature;
  const std::int64_t n = step.move.numel();
  const SelfScaling scaling = knows() ? SelfScaling::of(b, h, n) : SelfScaling::first(b, h);
  if (!(std::isfinite(scaling.tau) && scaling.tau > 0 && std::isfinite(scaling.phi))) return;
  if (!knows()) inverse_hessian_ = at::eye(n, step.move.options());
  broyden_update(inverse_hessian_, step.move, step.gradient_change, hy, scaling);
}

void SsBroyden::points_changed() {
  QuasiNewton::points_changed();
  if (!knows()) return;
  inverse_hessian_ = (inverse_hessian_ + inverse_hessian_.t()) / 2;
  if (std::get<1>(at::linalg_cholesky_ex(inverse_hessian_)).item<int>() != 0) forget();
}

void SsBroyden::save(OutputArchive& archive) {
  write_value(archive, "inverse_hessian", knows() ? inverse_hessian_ : at::empty({0}, at::kDouble));
}

void SsBroyden::load(InputArchive& archive) {
  inverse_hessian_ = read_value(archive, "inverse_hessian").toTensor();
  if (inverse_hessian_.numel() == 0) forget();
}

}  // namespace residua
