#pragma once
#include <algorithm>
#include <cstddef>
#include <type_traits>
#include <utility>

#include "surrogates/evaluator.hpp"
#include "surrogates/quick_tanh.hpp"

namespace residua::inline RESIDUA_ISA {

/// The network between its two ends at kPoints points at once, which lie along the registers: a weight is read once for
/// all of them, and both ends find their points as they need them. One point alone is for Layers.
/// kPacks registers of points share a weight, so that loads do not outnumber products.
template <class S, Channels C, int kPacks>
class PointLanes {
  using V = Pack<S>;
  struct Neuron {
    V e[C.count][kPacks];
  };
  /// Neurons whose sums are in registers together: enough that none waits for the product before, 4 cycles.
  static constexpr int kTogether = (kVectorRegisters < 32 ? 12 : 16) / kPacks, kFew = kTogether / 2;

 public:
  static constexpr int kPoints = kPacks * V::kLanes;
  /// Neurons of a layer that the buffers of run() have room for, beside what a branch answers.
  static constexpr int kMostWidth =
      int(std::min<std::size_t>(kMaxWidth, (kStackLimit - kMaxWidth * sizeof(V[kPacks])) / (2 * sizeof(Neuron))));

  /// The first kPoints of rows of kBlock: `in` [network inputs], `step` rows apart, of which the channels are the
  /// first, to `out` [network outputs][channel], `stride` values apart.
  static void run(const Plan<S>& plan, const S* in, int step, S* out, int stride) {
    if (!plan.branch) return through_layers(plan, in, step, nullptr, out, stride);
    alignas(64) S last[kMaxWidth * kPoints];
    PointLanes<S, Channels{}, kPacks>::run(*plan.branch, in + plan.network.shape.inputs * step * kBlock, step, last,
                                           kPoints);
    through_layers(plan, in, step, last, out, stride);
  }

 private:
  /// A frame of its own, so that its buffers are not there while the branch is asked. `last` [row][kPoints] is what the
  /// branch answered, or null.
  [[gnu::noinline]] static void through_layers(const Plan<S>& plan, const S* in, int step, const S* last, S* out,
                                               int stride) {
    const MlpShape& shape = plan.network.shape;
    alignas(64) Neuron buffer[2][kMostWidth];
    Neuron *a = buffer[0], *z = buffer[1];
    for (int i = 0; i < shape.inputs; ++i)
      for_each_pack([&](int k, int p) { a[i].e[k][p] = V::load(in + (i * step + k) * kBlock + p * V::kLanes); });
    const S* weights = plan.packed;
    for (int l = 0; l < shape.depth; ++l) {
      affine(weights, shape.fan_in(l), shape.width, a, z);
      activate(shape, z);
      std::swap(a, z);
      weights += packed_size<S>(shape, l);
    }
    if (last)
      complete(shape, last, a, z);
    else
      affine(weights, shape.width, shape.outputs, a, z);
    for (int f = 0; f < shape.outputs; ++f)
      for_each_pack([&](int k, int p) { z[f].e[k][p].store(out + (f * C.count + k) * stride + p * V::kLanes); });
  }

  template <class F>
  static void for_each_pack(F&& f) {
    for (int k = 0; k < C.count; ++k)
      for (int p = 0; p < kPacks; ++p) f(k, p);
  }

  static void activate(const MlpShape& shape, Neuron* z) {
    constexpr const V* kNoLeaf = nullptr;
    with_quick_tower<C.order() + 1>(shape.activation, [&](auto tower) {
      for (int i = 0; i < shape.width; ++i)
        for (int p = 0; p < kPacks; ++p) {
          V in[C.count], out[C.count];
          for (int k = 0; k < C.count; ++k) in[k] = z[i].e[k][p];
          residua::activate<Propagation{C}>(tower(in[0]).d, kNoLeaf, in, out);
          for (int k = 0; k < C.count; ++k) z[i].e[k][p] = out[k];
        }
    });
  }

  /// The last layer, [out][width] and [out], as a branch answered it.
  static void complete(const MlpShape& shape, const S* last, const Neuron* a, Neuron* z) {
    const auto row = [&](int r, int p) { return V::load(last + r * kPoints + p * V::kLanes); };
    for (int f = 0; f < shape.outputs; ++f) {
      for_each_pack([&](int k, int p) { z[f].e[k][p] = k == 0 ? row(shape.outputs * shape.width + f, p) : V(0); });
      for (int i = 0; i < shape.width; ++i)
        for_each_pack([&](int k, int p) { z[f].e[k][p] += row(f * shape.width + i, p) * a[i].e[k][p]; });
    }
  }

  /// z = W a + b; b goes to the values, not to their derivatives. `weights` are [in][padded out], then b. The last
  /// neurons may be found twice, or with them some of the padding.
  static void affine(const S* weights, int inputs, int outputs, const Neuron* a, Neuron* z) {
    const int padded = padded_to_line<S>(outputs);
    const auto in_steps_of = [&](auto count, int last) {
      for (int o = 0; o < outputs; o += count) {
        const int first = std::min(o, last - count);
        neurons<count>(weights + first, inputs, padded, a, z + first);
      }
    };
    if (outputs >= kTogether)
      in_steps_of(std::integral_constant<int, kTogether>(), outputs);
    else
      in_steps_of(std::integral_constant<int, kFew>(), padded);
  }

  /// Not update_block() of the kernels: that adds to what is in memory, and a batch then takes 4 to 7 % longer.
  template <int kCount>
  static void neurons(const S* weights, int inputs, int padded, const Neuron* a, Neuron* z) {
    for (int k = 0; k < C.count; ++k) {
      V sum[kCount][kPacks];
#pragma GCC unroll 16
      for (int o = 0; o < kCount; ++o)
#pragma GCC unroll 2
        for (int p = 0; p < kPacks; ++p) sum[o][p] = k == 0 ? V(weights[inputs * padded + o]) : V(0);
      for (int i = 0; i < inputs; ++i) {
        const V(&x)[kPacks] = a[i].e[k];
#pragma GCC unroll 16
        for (int o = 0; o < kCount; ++o) {
          const V w(weights[i * padded + o]);
#pragma GCC unroll 2
          for (int p = 0; p < kPacks; ++p) sum[o][p] = sum[o][p] + w * x[p];
        }
      }
#pragma GCC unroll 16
      for (int o = 0; o < kCount; ++o)
#pragma GCC unroll 2
        for (int p = 0; p < kPacks; ++p) z[o].e[k][p] = sum[o][p];
    }
  }
};

}  // namespace residua::inline RESIDUA_ISA
