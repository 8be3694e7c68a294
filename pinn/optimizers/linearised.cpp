#include "pinn/optimizers/linearised.hpp"

#include <ATen/ATen.h>

#include "pinn/optimizers/cholesky.hpp"
#include "pinn/optimizers/device_forms.hpp"
#include "pinn/optimizers/householder.hpp"

namespace residua {
namespace {

constexpr double kRounding = 3e-15;  ///< of the normal equations, relative to the largest of their diagonal
constexpr double kLeast = 1e-28;     ///< damping over that, where the triangular factor's rounding is reached

}  // namespace

Move Move::of_normal_equations(const at::Tensor& direction, const at::Tensor& gradient, double damping) {
  // |J d|^2 + 2 damping |d|^2 without a product.
  const double along = -at::dot(direction, gradient).item<double>();
  return {direction, along + damping * direction.square().sum().item<double>()};
}

std::unique_ptr<LinearisedLoss> LinearisedLoss::on(at::Device device, std::int64_t parameters) {
  if (device.is_cpu())
    return std::make_unique<LinearisedLoss>(std::make_unique<Cholesky>(parameters),
                                            std::make_unique<Householder>(parameters));
  return std::make_unique<LinearisedLoss>(std::make_unique<DeviceCholesky>(),
                                          std::make_unique<DeviceHouseholder>(device));
}

double LinearisedLoss::linearise(Objective& objective, const at::Tensor& weights, double damping) {
  double loss = 0;
  if (!triangular_ || damping >= kRounding * largest_) {
    loss = normal_equations_->linearise(objective, weights);
    largest_ = normal_equations_->largest();
    triangular_ = damping < kRounding * largest_;
  }
  if (triangular_) {
    loss = triangle_->linearise(objective, weights);
    largest_ = triangle_->largest();
  }
  return loss;
}

double LinearisedLoss::least_damping() const { return (triangular_ ? kLeast : kRounding / 30) * largest_; }

void LinearisedLoss::save(OutputArchive& archive) const {
  write_value(archive, "triangular", triangular_);
  write_value(archive, "largest", largest_);
}

void LinearisedLoss::load(InputArchive& archive) {
  triangular_ = read_value(archive, "triangular").toBool();
  largest_ = read_value(archive, "largest").toDouble();
}

}  // namespace residua
