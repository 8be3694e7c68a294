#pragma once
#include <cstdint>

namespace residua {

/// Limits of the sizes that kernels accept, so that their workspaces have one.
inline constexpr int kMaxInputs = 32;  ///< coordinates plus design inputs plus features
inline constexpr int kMaxParams = 64;  ///< parameters of a physics
inline constexpr int kMaxFields = 8;   ///< fields, equations and outputs of a physics
inline constexpr int kMaxWidth = 512;  ///< neurons in a layer
inline constexpr int kMaxDepth = 12;   ///< hidden layers

/// Where points lie, as rows of n values each: row r of `coords` holds coordinate r of every point.
/// A parameter of the physics is either a design input of the network, given per point, or the same for all points.
template <class S>
struct Points {
  std::int64_t n = 0;
  const S* coords = nullptr;        ///< [coords][n], dimensionless
  const S* design = nullptr;        ///< [design inputs][n], dimensionless
  const S* params = nullptr;        ///< [params of the physics], used where `design_row` is negative
  const int* design_row = nullptr;  ///< [params of the physics]: its row in `design`, or -1
  int design_count = 0;
};

/// tanh_slope is tanh(s z) with a trainable s for each hidden layer (Jagtap, Kawaguchi & Karniadakis, J. Comput. Phys.
/// 404 (2020) 109136). It exists while training: a trained network has its slopes folded into the weights.
enum class Activation : std::uint8_t { tanh, sin, silu, gelu, tanh_slope };

/// A multilayer perceptron: inputs -> width (depth times, activated) -> outputs.
/// Its parameters are one flat vector: for each layer the weights [out][in], then the biases [out]; at the end the
/// slopes of the hidden layers, if the activation has them.
struct MlpShape {
  int inputs = 0;
  int width = 0;
  int depth = 0;  ///< hidden layers, at least 1
  int outputs = 0;
  Activation activation = Activation::tanh;

  constexpr int layers() const { return depth + 1; }
  constexpr int fan_in(int layer) const { return layer == 0 ? inputs : width; }
  constexpr int fan_out(int layer) const { return layer == depth ? outputs : width; }
  /// Position of a layer's weights in the flat vector; its biases follow them.
  constexpr std::int64_t offset(int layer) const {
    std::int64_t at = 0;
    for (int l = 0; l < layer; ++l) at += std::int64_t(fan_in(l) + 1) * fan_out(l);
    return at;
  }
  constexpr int slopes() const { return activation == Activation::tanh_slope ? depth : 0; }
  /// Position of the slope of a hidden layer in the flat vector.
  constexpr std::int64_t slope(int layer) const { return offset(layers()) + layer; }
  constexpr std::int64_t parameters() const { return offset(layers()) + slopes(); }
};

/// The network of a surrogate as the kernels see it. Its inputs are the features of the physics, then the design
/// inputs; each is shifted and scaled before layer 0: (input - center) * scale.
template <class S>
struct Network {
  MlpShape shape;
  const S* weights = nullptr;  ///< [shape.parameters()]
  const S* center = nullptr;   ///< [shape.inputs]
  const S* scale = nullptr;    ///< [shape.inputs]
};

}  // namespace residua
