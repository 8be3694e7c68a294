#include "pinn/optimizers/blocks.hpp"

#include <ATen/ATen.h>

namespace residua {

std::vector<at::Tensor> blocks_of(const NetworkShape& shape, const at::Tensor& flat) {
  std::vector<at::Tensor> blocks;
  const bool factors = flat.numel() > shape.parameters();
  std::int64_t exponent = shape.parameters();
  for (const auto& [at, inputs, outputs, hidden] : shape.layers()) {
    const std::int64_t in = inputs, out = outputs;
    const at::Tensor weights = flat.narrow(0, at, out * in).view({out, in});
    std::vector<at::Tensor> columns{weights, flat.narrow(0, at + out * in, out).unsqueeze(1)};
    if (factors) columns.push_back(flat.narrow(0, exponent, out).unsqueeze(1));
    blocks.push_back(at::cat(columns, 1));
    exponent += out;
  }
  if (const int slopes = shape.trunk.slopes(); slopes > 0)
    blocks.push_back(flat.narrow(0, shape.trunk.slope(0), slopes).unsqueeze(0));
  return blocks;
}

at::Tensor flat_of(const NetworkShape& shape, const std::vector<at::Tensor>& blocks) {
  std::vector<at::Tensor> parts, exponents;
  const auto layers = shape.layers();
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const std::int64_t in = layers[l].in;
    parts.push_back(blocks[l].narrow(1, 0, in).reshape({-1}));
    parts.push_back(blocks[l].select(1, in));
    if (blocks[l].size(1) > in + 1) exponents.push_back(blocks[l].select(1, in + 1));
  }
  if (shape.trunk.slopes() > 0) parts.push_back(blocks.back().squeeze(0));
  parts.insert(parts.end(), exponents.begin(), exponents.end());
  return at::cat(parts);
}

}  // namespace residua
