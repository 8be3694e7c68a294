#include "pinn/optimizers/blocks.hpp"

#include <ATen/ATen.h>

namespace residua {

std::vector<at::Tensor> blocks_of(const MlpShape& shape, const at::Tensor& flat) {
  std::vector<at::Tensor> blocks;
  const bool factors = flat.numel() > shape.parameters();
  std::int64_t exponent = shape.parameters();
  for (int l = 0; l < shape.layers(); ++l) {
    const std::int64_t in = shape.fan_in(l), out = shape.fan_out(l), at = shape.offset(l);
    const at::Tensor weights = flat.narrow(0, at, out * in).view({out, in});
    std::vector<at::Tensor> columns{weights, flat.narrow(0, at + out * in, out).unsqueeze(1)};
    if (factors) columns.push_back(flat.narrow(0, exponent, out).unsqueeze(1));
    blocks.push_back(at::cat(columns, 1));
    exponent += out;
  }
  if (shape.slopes() > 0) blocks.push_back(flat.narrow(0, shape.slope(0), shape.slopes()).unsqueeze(0));
  return blocks;
}

at::Tensor flat_of(const MlpShape& shape, const std::vector<at::Tensor>& blocks) {
  std::vector<at::Tensor> parts, exponents;
  for (int l = 0; l < shape.layers(); ++l) {
    const at::Tensor& block = blocks[std::size_t(l)];
    parts.push_back(block.narrow(1, 0, shape.fan_in(l)).reshape({-1}));
    parts.push_back(block.select(1, shape.fan_in(l)));
    if (block.size(1) > shape.fan_in(l) + 1) exponents.push_back(block.select(1, shape.fan_in(l) + 1));
  }
  if (shape.slopes() > 0) parts.push_back(blocks.back().squeeze(0));
  parts.insert(parts.end(), exponents.begin(), exponents.end());
  return at::cat(parts);
}

}  // namespace residua
