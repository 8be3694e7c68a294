#include "pinn/optimizers/factors.hpp"

#include <ATen/ATen.h>

#include <numbers>

#include "pinn/problem.hpp"

namespace residua {
namespace {

constexpr double kMean = 0.5, kDeviation = 0.1;  // of s, as in the code of the paper's authors

std::int64_t neurons(const NetworkShape& shape) {
  std::int64_t count = 0;
  for (const NetworkShape::Layer& layer : shape.layers()) count += layer.out;
  return count;
}

}  // namespace

Factors::Factors(const NetworkShape& shape, const at::Tensor& weights, std::uint64_t seed) : shape_(shape) {
  const at::Tensor unit = at::tensor(uniform_points(1, neurons(shape), seed), at::kDouble);
  const at::Tensor normal = std::numbers::sqrt2 * at::erfinv(2 * unit - 1);
  flat_ = at::cat({weights.detach(), kMean + kDeviation * normal});
  flat_.narrow(0, 0, shape.parameters()).div_(scale());
  flat_.requires_grad_(true);
  flat_.mutable_grad() = at::zeros_like(flat_);
}

/// What V is multiplied with, for every parameter of the network.
at::Tensor Factors::scale() const {
  const at::Tensor exponents = flat_.detach().narrow(0, shape_.parameters(), neurons(shape_));
  at::Tensor all = at::ones({shape_.parameters()}, at::kDouble);
  std::int64_t first = 0;
  for (const auto& [offset, in, out, hidden] : shape_.layers()) {
    all.narrow(0, offset, out * in).view({out, in}).mul_(exponents.narrow(0, first, out).exp().unsqueeze(1));
    first += out;
  }
  return all;
}

at::Tensor Factors::product() const { return flat_.detach().narrow(0, 0, shape_.parameters()) * scale(); }

void Factors::differentiate(const at::Tensor& gradient) {
  at::Tensor& own = flat_.mutable_grad();
  own.narrow(0, 0, shape_.parameters()).copy_(gradient * scale());
  const at::Tensor along = gradient * product();
  std::int64_t first = shape_.parameters();
  for (const auto& [offset, in, out, hidden] : shape_.layers()) {
    own.narrow(0, first, out).copy_(along.narrow(0, offset, out * in).view({out, in}).sum(1));
    first += out;
  }
}

}  // namespace residua
