#pragma once
#include <cstddef>

#include "kernels/mlp.hpp"

namespace residua::inline RESIDUA_ISA {

// Weights and gradients of a network in the order in which a TileNetwork reads and sums them.

/// Weights in the order in which the products read them, forward and transposed.
template <class S>
std::size_t packed_size(const MlpShape& shape);
template <class S>
void pack_weights(const MlpShape& shape, const S* weights, S* to);

/// Where the layers lie in packed weights.
template <class S>
struct WeightPanels {
  const S *forward[kMaxDepth + 1], *transposed[kMaxDepth + 1], *bias[kMaxDepth + 1];

  WeightPanels() = default;
  WeightPanels(const MlpShape& shape, const S* weights, const S* packed);
};

/// Gradients as they are summed up: [fan_out][padded fan_in] of a layer, but of layer 0 transposed, then the biases.
template <class S>
std::size_t gradient_size(const MlpShape& shape);
/// Of one layer.
template <class S>
std::size_t gradient_size(const MlpShape& shape, int layer);
/// Adds them to the flat vector of parameters.
template <class S>
void add_gradient(const MlpShape& shape, const S* from, S* to);

}  // namespace residua::inline RESIDUA_ISA
