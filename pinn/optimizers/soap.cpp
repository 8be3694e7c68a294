#include "pinn/optimizers/soap.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <cmath>

#include "kernels/core/error.hpp"
#include "pinn/archive.hpp"
#include "pinn/optimizers/blocks.hpp"

namespace residua {
namespace {

constexpr double kShare = 0.05;  // of the new gradient in all averages, as in the paper
constexpr double kTiny = 1e-8;
constexpr std::int64_t kTurnEvery = 5;  // steps

/// Eigenvectors of matrices that are not finite do not exist, and LAPACK's words for that say nothing of the training.
void require_finite_squares(const at::Tensor& gradient) {
  const auto square = at::dot(gradient, gradient).item<double>();
  if (!std::isfinite(square))
    throw Error(
        fmt::format("training: soap: the squares of the gradient add up to {}: expected a finite number; precision = "
                    "\"float64\" in the stage, a lower learning rate or a narrower envelope may help",
                    square));
}

}  // namespace

Eigenbasis::Eigenbasis(const at::Tensor& first)
    : average_(first.clone()), vectors_(std::get<1>(at::linalg_eigh(first)).flip({1}).contiguous()) {}

at::Tensor Eigenbasis::turn() {
  const at::Tensor quotients = (vectors_ * at::mm(average_, vectors_)).sum(0);
  const at::Tensor order = at::argsort(quotients, /*stable=*/true, /*dim=*/0, /*descending=*/true);
  vectors_ = std::get<0>(at::linalg_qr(at::mm(average_, vectors_.index_select(1, order))));
  return order;
}

Soap::Soap(const Stage& stage, const NetworkShape& shape, at::Tensor& weights, std::uint64_t seed)
    : FirstOrder(stage, shape, weights, seed), shape_(shape), precision_(stage.float64 ? at::kDouble : at::kFloat) {}

void Soap::move(at::Tensor& parameters, double rate) {
  const at::Tensor gradient = parameters.grad().to(precision_);
  require_finite_squares(gradient);
  const auto gradients = blocks_of(shape_, gradient);
  if (blocks_.empty()) {
    for (const at::Tensor& g : gradients)
      blocks_.push_back({Eigenbasis(kShare * at::mm(g, g.t())), Eigenbasis(kShare * at::mm(g.t(), g)),
                         at::zeros_like(g), at::zeros_like(g)});
    return;
  }
  ++steps_;
  std::vector<at::Tensor> directions;
  for (std::size_t i = 0; i < blocks_.size(); ++i) directions.push_back(direction(blocks_[i], gradients[i]));
  parameters.detach().sub_(flat_of(shape_, directions), rate);
}

at::Tensor Soap::direction(Block& block, const at::Tensor& gradient) {
  const auto into = [&](const at::Tensor& m) {
    return at::mm(at::mm(block.left.vectors().t(), m), block.right.vectors());
  };
  block.mean.lerp_(gradient, kShare);
  block.mean_square.lerp_(into(gradient).square(), kShare);
  // Averages that started from zero, divided by the sum of their shares so far.
  const double sum = 1 - std::pow(1 - kShare, double(steps_));
  const at::Tensor turned = into(block.mean / sum) / ((block.mean_square / sum).sqrt() + kTiny);
  const at::Tensor result = at::mm(at::mm(block.left.vectors(), turned), block.right.vectors().t());
  block.left.add(at::mm(gradient, gradient.t()), kShare);
  block.right.add(at::mm(gradient.t(), gradient), kShare);
  if (steps_ % kTurnEvery == 0) {
    const at::Tensor rows = block.left.turn(), columns = block.right.turn();
    block.mean_square = block.mean_square.index_select(0, rows).index_select(1, columns);
  }
  return result;
}

void Soap::save(OutputArchive& archive) {
  FirstOrder::save(archive);
  std::vector<at::Tensor> all;
  for (const Block& b : blocks_)
    all.insert(all.end(),
               {b.left.average(), b.left.vectors(), b.right.average(), b.right.vectors(), b.mean, b.mean_square});
  write_value(archive, "blocks", all);
  write_value(archive, "steps", steps_);
}

void Soap::load(InputArchive& archive) {
  FirstOrder::load(archive);
  steps_ = read_value(archive, "steps").toInt();
  blocks_.clear();
  const auto t = read_value(archive, "blocks").toTensorVector();
  for (std::size_t i = 0; i + 5 < t.size(); i += 6)
    blocks_.push_back({Eigenbasis(t[i], t[i + 1]), Eigenbasis(t[i + 2], t[i + 3]), t[i + 4], t[i + 5]});
}

}  // namespace residua
