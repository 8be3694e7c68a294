#include "pinn/branch.hpp"

#include <ATen/ATen.h>

#include "pinn/optimizers/blocks.hpp"

namespace residua {
namespace {

/// The derivative of tanh from its value.
at::Tensor slope(const at::Tensor& value) { return 1 - value * value; }

}  // namespace

Branch::Branch(const MlpShape& shape, const at::Tensor& parameters, const at::Tensor& inputs) : shape_(shape) {
  at::Tensor a = inputs;
  for (const at::Tensor& block : blocks_of(shape, parameters)) {
    activations_.push_back(a);
    weights_.push_back(block.slice(1, 0, -1));
    a = at::matmul(a, weights_.back().t()) + block.select(1, -1);
    if (weights_.size() < std::size_t(shape.layers())) a = a.tanh();
  }
  answers_ = a;
}

at::Tensor Branch::push_forward(const at::Tensor& direction) const {
  const std::vector<at::Tensor> turned = blocks_of(shape_, direction);
  at::Tensor moved;
  for (std::size_t l = 0; l < weights_.size(); ++l) {
    at::Tensor own = at::matmul(activations_[l], turned[l].slice(1, 0, -1).t()) + turned[l].select(1, -1);
    if (l > 0) own = own + at::matmul(slope(activations_[l]) * moved, weights_[l].t());
    moved = own;
  }
  return moved;
}

at::Tensor Branch::pull_back(const at::Tensor& bars) const {
  std::vector<at::Tensor> parts(2 * weights_.size());
  at::Tensor bar = bars;
  for (std::size_t l = weights_.size(); l-- > 0;) {
    parts[2 * l] = at::matmul(bar.t(), activations_[l]).flatten();
    parts[2 * l + 1] = bar.sum(0);
    if (l > 0) bar = at::matmul(bar, weights_[l]) * slope(activations_[l]);
  }
  return at::cat(parts);
}

at::Tensor Branch::pull_back_rows(std::int64_t which, const at::Tensor& bars) const {
  std::vector<at::Tensor> parts(2 * weights_.size());
  at::Tensor bar = bars;
  for (std::size_t l = weights_.size(); l-- > 0;) {
    const at::Tensor seen = activations_[l].select(0, which);
    parts[2 * l] = (bar.unsqueeze(2) * seen).flatten(1);
    parts[2 * l + 1] = bar;
    if (l > 0) bar = at::matmul(bar, weights_[l]) * slope(seen);
  }
  return at::cat(parts, 1);
}

}  // namespace residua
