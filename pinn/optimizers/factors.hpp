#pragma once
#include <ATen/core/Tensor.h>

#include "surrogates/network_shape.hpp"

namespace residua {

/// Random weight factorisation: the weights of a layer as diag(exp(s)) V, where s of its neurons starts at random and
/// is trained with V (Wang, Wang, Seidman & Perdikaris, arXiv 2210.01274). Neurons so get learning rates of their own,
/// and the loss a shape in which gradients go further. It exists while training: its product is a plain network.
class Factors {
 public:
  /// Of a network's parameters, which they leave as they are; `seed` is of s.
  Factors(const NetworkShape& shape, const at::Tensor& weights, std::uint64_t seed);

  /// V in the places of the weights, with biases and slopes as they are, then s of every layer; has a gradient tensor.
  at::Tensor& flat() { return flat_; }
  /// The parameters of the network.
  at::Tensor product() const;
  /// The gradient in flat() from that in the parameters of the network.
  void differentiate(const at::Tensor& gradient);

 private:
  at::Tensor scale() const;

  NetworkShape shape_;
  at::Tensor flat_;
};

}  // namespace residua
