#pragma once
#include <ATen/core/Tensor.h>

#include <vector>

#include "surrogates/network_shape.hpp"

namespace residua {

/// The parameters of a network, or their gradient, as matrices [out][in + 1]: weights and biases of each layer. Slopes
/// of the activations, if there are any, are one more matrix of one row. Of Factors::flat() the matrices are
/// [out][in + 2]: a neuron's s joins its row.
std::vector<at::Tensor> blocks_of(const NetworkShape& shape, const at::Tensor& flat);
/// The flat vector of such matrices.
at::Tensor flat_of(const NetworkShape& shape, const std::vector<at::Tensor>& blocks);

}  // namespace residua
