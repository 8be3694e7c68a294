#include "pinn/optimizers/muon.hpp"

#include <ATen/ATen.h>

#include <cmath>

#include "pinn/archive.hpp"

namespace residua {
namespace {

constexpr double kMomentum = 0.95;
constexpr double kMeanShare = 0.1, kSquareShare = 0.001, kTiny = 1e-8;  // Adam's usual ones
constexpr double kAdamSize = 0.2;  // root mean square of an entry of Adam's steps, relative to the learning rate
constexpr int kIterations = 5;

}  // namespace

at::Tensor nearly_orthogonal(const at::Tensor& matrix) {
  constexpr double a = 3.4445, b = -4.7750, c = 2.0315;
  const bool tall = matrix.size(0) > matrix.size(1);
  at::Tensor x = tall ? matrix.t() : matrix;
  x = x / (x.norm() + 1e-12);
  for (int i = 0; i < kIterations; ++i) {
    const at::Tensor square = at::mm(x, x.t());
    x = a * x + at::mm(b * square + c * at::mm(square, square), x);
  }
  return tall ? x.t() : x;
}

Muon::Muon(const Stage& stage, const NetworkShape& shape, at::Tensor& weights, std::uint64_t seed)
    : FirstOrder(stage, shape, weights, seed), shape_(shape) {
  momentum_ = at::zeros({parameters(weights).numel()}, stage.float64 ? at::kDouble : at::kFloat);
  mean_ = at::zeros_like(momentum_);
  mean_square_ = at::zeros_like(momentum_);
}

void Muon::move(at::Tensor& parameters, double rate) {
  const at::Tensor gradient = parameters.grad().to(momentum_.scalar_type());
  ++steps_;
  mean_.lerp_(gradient, kMeanShare);
  mean_square_.lerp_(gradient.square(), kSquareShare);
  const double mean_sum = 1 - std::pow(1 - kMeanShare, double(steps_));
  const double square_sum = 1 - std::pow(1 - kSquareShare, double(steps_));
  at::Tensor direction = (mean_ / mean_sum) / ((mean_square_ / square_sum).sqrt() + kTiny);
  momentum_.mul_(kMomentum).add_(gradient);
  const at::Tensor ahead = gradient + kMomentum * momentum_;  // Nesterov's
  for (const auto& [at, width, out, hidden] : shape_.layers()) {
    if (!hidden) continue;
    const at::Tensor matrix = nearly_orthogonal(ahead.narrow(0, at, width * width).view({width, width}));
    direction.narrow(0, at, width * width).copy_(kAdamSize * std::sqrt(double(width)) * matrix.reshape({-1}));
  }
  parameters.detach().sub_(direction, rate);
}

void Muon::save(OutputArchive& archive) {
  FirstOrder::save(archive);
  write_value(archive, "averages", std::vector<at::Tensor>{momentum_, mean_, mean_square_});
  write_value(archive, "steps", steps_);
}

void Muon::load(InputArchive& archive) {
  FirstOrder::load(archive);
  const auto t = read_value(archive, "averages").toTensorVector();
  momentum_ = t[0], mean_ = t[1], mean_square_ = t[2];
  steps_ = read_value(archive, "steps").toInt();
}

}  // namespace residua
