#pragma once
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string_view>

// What is the same in every header that `residua export --header` writes. This file is pasted into each of them, in a
// namespace of its own, and the model of that surrogate follows. It needs the standard library only, allocates nothing
// and throws nothing.

// Without NaN and infinity the compiler takes away the check for what is not finite: -ffast-math or -ffinite-math-only.
#if defined(__FAST_MATH__) || (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__)
#error "a surrogate must tell what is not finite: expected to be compiled without -ffast-math and -ffinite-math-only"
#endif

namespace residua::generated {

/// An input or output in plant units. For an input, `lower` and `upper` bound the operating envelope that the surrogate
/// was trained on; for an output, the range it is expected in.
struct Variable {
  std::string_view name, unit;
  double lower, upper;
};

/// How an evaluation went, the worse the greater.
enum class Status {
  ok,
  near,       ///< evaluated, but an input lies outside the operating envelope, by at most 1 % of its range
  outside,    ///< evaluated, but an input lies farther outside than that
  not_finite  ///< an input or an output is not a finite number; the outputs are not to be used
};

namespace detail {

enum class Activation { tanh, sin, silu, gelu };

struct Shape {
  int inputs, width, depth, outputs;
  int channels;  ///< the value, and first derivatives along coordinates, which travel through the network with it
  Activation activation;
};

/// Values in a row: whole vector registers, and more of them than the 16 up to which gcc unrolls a loop instead of
/// vectorising it.
constexpr int padded(int n) { return n <= 24 ? 24 : (n + 7) / 8 * 8; }

/// The neurons of a layer run along the vector registers; those that only pad have weights of zero.
template <class Real, int kIn, int kOut>
struct Layer {
  alignas(64) Real weights[kIn][padded(kOut)];
  Real biases[padded(kOut)];
};

/// A network and how its inputs are shifted and scaled.
template <class Real, Shape kShape>
struct Network {
  Real center[kShape.inputs], scale[kShape.inputs];
  Layer<Real, kShape.inputs, kShape.width> first;
  std::array<Layer<Real, kShape.width, kShape.width>, kShape.depth - 1> hidden;
  Layer<Real, kShape.width, kShape.outputs> last;
};

/// Channels of each neuron of a layer.
template <class Real, Shape kShape, int kNeurons>
using Columns = Real[kShape.channels][padded(kNeurons)];

/// tanh as z P(z^2) / Q(z^2), fitted for the least relative error on [0, 9], 2e-8; beyond 9 it is 1 in single
/// precision.
inline float quick_tanh(float z) noexcept {
  constexpr float kEnd = 9;
  z = z < -kEnd ? -kEnd : kEnd < z ? kEnd : z;  // keeps a NaN
  const float s = z * z;
  float p = s * 1.335450133e-8f + 2.060897876e-5f, q = s * 7.776495929e-7f + 3.285625207e-4f;
  p = p * s + 3.49558265e-3f;
  q = q * s + 2.587696262e-2f;
  p = p * s + 0.1338102149f;
  q = q * s + 0.4671433716f;
  return z * (p * s + 0.9999999797f) / (q * s + 1);
}
inline double quick_tanh(double z) noexcept { return std::tanh(z); }

/// An activation and its slope at z.
template <Activation kActivation, class Real>
inline void activate(Real z, Real& value, Real& slope) noexcept {
  if constexpr (kActivation == Activation::tanh) {
    value = quick_tanh(z);
    slope = 1 - value * value;
  } else if constexpr (kActivation == Activation::sin) {
    value = std::sin(z);
    slope = std::cos(z);
  } else if constexpr (kActivation == Activation::silu) {
    const Real logistic = 1 / (1 + std::exp(-z));
    value = z * logistic;
    slope = logistic + value * (1 - logistic);
  } else {
    const Real normal = std::erfc(z * Real(-0.70710678118654752440)) * Real(0.5);
    value = z * normal;
    slope = normal + z * std::exp(z * z * Real(-0.5)) * Real(0.39894228040143267794);
  }
}

/// z = weights a + biases; derivatives have no bias.
template <class Real, Shape kShape, int kIn, int kOut>
inline void multiply(const Layer<Real, kIn, kOut>& layer, const Columns<Real, kShape, kIn>& a,
                     Columns<Real, kShape, kOut>& z) noexcept {
  Columns<Real, kShape, kOut> sum = {};  // a copy of its own, which compilers keep in registers
  for (int o = 0; o < padded(kOut); ++o) sum[0][o] = layer.biases[o];
  for (int i = 0; i < kIn; ++i)
    for (int k = 0; k < kShape.channels; ++k)
      for (int o = 0; o < padded(kOut); ++o) sum[k][o] += layer.weights[i][o] * a[k][i];
  for (int k = 0; k < kShape.channels; ++k)
    for (int o = 0; o < padded(kOut); ++o) z[k][o] = sum[k][o];
}

/// A layer with its activation; `next` may be `a`.
template <class Real, Shape kShape, int kIn>
inline void advance(const Layer<Real, kIn, kShape.width>& layer, const Columns<Real, kShape, kIn>& a,
                    Columns<Real, kShape, kShape.width>& next) noexcept {
  Columns<Real, kShape, kShape.width> z;
  multiply<Real, kShape>(layer, a, z);
  for (int o = 0; o < padded(kShape.width); ++o) {
    Real slope;
    activate<kShape.activation>(z[0][o], next[0][o], slope);
    for (int k = 1; k < kShape.channels; ++k) next[k][o] = slope * z[k][o];
  }
}

/// From what the network sees to its outputs, each with all channels.
template <class Real, Shape kShape>
inline void run(const Network<Real, kShape>& network, const Real (&seen)[kShape.inputs][kShape.channels],
                Real (&out)[kShape.outputs][kShape.channels]) noexcept {
  Columns<Real, kShape, kShape.inputs> in;
  for (int i = 0; i < kShape.inputs; ++i) {
    in[0][i] = (seen[i][0] - network.center[i]) * network.scale[i];
    for (int k = 1; k < kShape.channels; ++k) in[k][i] = seen[i][k] * network.scale[i];
  }
  Columns<Real, kShape, kShape.width> a;
  advance<Real, kShape>(network.first, in, a);
  for (const auto& layer : network.hidden) advance<Real, kShape>(layer, a, a);
  Columns<Real, kShape, kShape.outputs> last;
  multiply<Real, kShape>(network.last, a, last);
  for (int o = 0; o < kShape.outputs; ++o)
    for (int k = 0; k < kShape.channels; ++k) out[o][k] = last[k][o];
}

inline Status examine(double value, const Variable& input) noexcept {
  if (!std::isfinite(value)) return Status::not_finite;
  if (value >= input.lower && value <= input.upper) return Status::ok;
  const double margin = 0.01 * (input.upper - input.lower);
  return value >= input.lower - margin && value <= input.upper + margin ? Status::near : Status::outside;
}

/// The answer of a model in plant units; all NaN if an input is not finite.
template <class Model>
inline Status predict(const std::array<double, Model::kInputs>& in, std::array<double, Model::kOutputs>& out) noexcept {
  using Real = typename Model::Real;
  Status status = Status::ok;
  Real x[Model::kInputs], y[Model::kOutputs] = {};
  for (std::size_t i = 0; i < Model::kInputs; ++i) {
    const Status found = examine(in[i], Model::kInput[i]);
    if (found > status) status = found;
    x[i] = Real(in[i] / Model::kInputUnit[i]);
  }
  std::size_t window = 0;
  while (window < Model::kSeams.size() && in[0] > Model::kSeams[window]) ++window;
  const bool usable = status != Status::not_finite;
  if (usable) Model::answer(x, window, y);
  for (std::size_t o = 0; o < Model::kOutputs; ++o) {
    out[o] = usable ? double(y[o]) * Model::kOutputUnit[o] : std::numeric_limits<double>::quiet_NaN();
    if (!std::isfinite(out[o])) status = Status::not_finite;
  }
  return status;
}

/// Whether a model answers its recorded points as recorded, to a share of an output's largest value.
template <class Model>
inline bool self_test() noexcept {
  constexpr double kTolerance = sizeof(typename Model::Real) == sizeof(double) ? 1e-10 : 1e-4;
  std::array<double, Model::kOutputs> size{}, out{};
  for (const auto& expected : Model::kTestOutputs)
    for (std::size_t o = 0; o < Model::kOutputs; ++o)
      if (std::abs(expected[o]) > size[o]) size[o] = std::abs(expected[o]);
  for (std::size_t p = 0; p < Model::kTestInputs.size(); ++p) {
    if (predict<Model>(Model::kTestInputs[p], out) != Status::ok) return false;
    for (std::size_t o = 0; o < Model::kOutputs; ++o)
      if (!(std::abs(out[o] - Model::kTestOutputs[p][o]) <= kTolerance * size[o])) return false;
  }
  return true;
}

}  // namespace detail
}  // namespace residua::generated
