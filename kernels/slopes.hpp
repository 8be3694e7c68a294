#pragma once
#include "kernels/points.hpp"

namespace residua {

// A trainable slope s of a layer, f(s z), is the plain activation with weights and biases times s: the kernels know
// plain activations only.

/// The shape of the network with its slopes folded in.
inline MlpShape without_slopes(MlpShape shape) {
  if (shape.slopes() > 0) shape.activation = Activation::tanh;
  return shape;
}

/// Weights of the plain network, [without_slopes(shape).parameters()].
template <class S>
void fold_slopes(const MlpShape& shape, const S* weights, S* plain) {
  for (int l = 0; l < shape.layers(); ++l) {
    const S slope = l < shape.slopes() ? weights[shape.slope(l)] : S(1);
    for (std::int64_t k = shape.offset(l); k < shape.offset(l + 1); ++k) plain[k] = slope * weights[k];
  }
}

/// How the weights of the plain network move when weights and slopes move along a direction, [shape.parameters()].
template <class S>
void fold_direction(const MlpShape& shape, const S* weights, const S* direction, S* plain) {
  for (int l = 0; l < shape.layers(); ++l) {
    const bool sloped = l < shape.slopes();
    const S slope = sloped ? weights[shape.slope(l)] : S(1), along = sloped ? direction[shape.slope(l)] : S(0);
    for (std::int64_t k = shape.offset(l); k < shape.offset(l + 1); ++k)
      plain[k] = slope * direction[k] + along * weights[k];
  }
}

/// From derivatives by the plain network's weights to those by weights and slopes, [shape.parameters()]. May not alias.
template <class S>
void unfold_gradient(const MlpShape& shape, const S* weights, const S* plain, S* gradient) {
  for (int l = 0; l < shape.layers(); ++l) {
    const S slope = l < shape.slopes() ? weights[shape.slope(l)] : S(1);
    S along_slope = 0;
    for (std::int64_t k = shape.offset(l); k < shape.offset(l + 1); ++k) {
      gradient[k] = slope * plain[k];
      along_slope += weights[k] * plain[k];
    }
    if (l < shape.slopes()) gradient[shape.slope(l)] = along_slope;
  }
}

}  // namespace residua
