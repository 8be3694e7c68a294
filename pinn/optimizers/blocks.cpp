#include "pinn/optimizers/blocks.hpp"

#include <ATen/ATen.h>

namespace residua {

std::vector<at::Tensor> blocks_of(const MlpShape& shape, const at::Tensor& flat) {
  std::vector<at::Tensor> blocks;
  for (int l = 0; l < shape.layers(); ++l) {
    const std::int64_t in = shape.fan_in(l), out = shape.fan_out(l), at = shape.offset(l);
    const at::Tensor weights = flat.narrow(0, at, out * in).view({out, in});
    blocks.push_back(at::cat({weights, flat.narrow(0, at + out * in, out).unsqueeze(1)}, 1));
  }
  if (shape.slopes() > 0) blocks.push_back(flat.narrow(0, shape.slope(0), shape.slopes()).unsqueeze(0));
  return blocks;
}

at::Tensor flat_of(const MlpShape& shape, const std::vector<at::Tensor>& blocks) {
  std::vector<at::Tensor> parts;
  for (int l = 0; l < shape.layers(); ++l) {
    const at::Tensor& block = blocks[std::size_t(l)];
    parts.push_back(block.narrow(1, 0, shape.fan_in(l)).reshape({-1}));
    parts.push_back(block.select(1, shape.fan_in(l)));
  }
  if (shape.slopes() > 0) parts.push_back(blocks.back().squeeze(0));
  return at::cat(parts);
}

}  // namespace residua
