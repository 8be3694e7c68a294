#pragma once
#include <cstddef>
#include <type_traits>

#include "kernels/core/taylor.hpp"
#include "surrogates/evaluator.hpp"
#include "surrogates/quick_tanh.hpp"
#include "surrogates/spread.hpp"

namespace residua::inline RESIDUA_ISA {

/// The network between its two ends, on columns [point][channel][part] of one value per neuron, each padded to a line.
template <class T, Channels C>
class Layers {
  using S = Base<T>;
  using V = Pack<S>;
  using Way = Spread<T>;
  static constexpr int kLanes = V::kLanes;

 public:
  static constexpr int kColumns = C.count * Way::kParts;

  /// `in` [network inputs] to `out` [network outputs].
  static void run(const Plan<S>& plan, const Taylor<T, C>* in, Taylor<T, C>* out) {
    const MlpShape& shape = plan.network.shape;
    alignas(64) S buffer[2][kColumns * kMaxWidth];
    spread(in, shape.inputs, buffer[0]);
    const S* weights = plan.packed;
    for (int l = 0; l < shape.layers() - (plan.branch ? 1 : 0); ++l) {
      S* z = buffer[(l + 1) % 2];
      affine(weights, shape.fan_in(l), shape.fan_out(l), buffer[l % 2], z);
      if (l < shape.depth) activate(shape.activation, shape.width, z, z);
      weights += packed_size<S>(shape, l);
    }
    if (plan.branch) {
      Value last[kMaxWidth];
      ask_branch(plan, in, last);
      complete(shape, last, buffer[shape.depth % 2], out);
    } else {
      gather(buffer[shape.layers() % 2], shape.outputs, out);
    }
  }
  static constexpr std::size_t kStackBytes = 2 * sizeof(S) * kColumns * kMaxWidth;  ///< of run()

  using Value = Taylor<T, Channels{}>;

  /// The last layer of a plan with a branch, from the inputs of layer 0 and the design inputs behind them.
  static void ask_branch(const Plan<S>& plan, const Taylor<T, C>* in, Value* last) {
    Value seen[kMaxInputs];
    for (int i = 0; i < plan.branch->network.shape.inputs; ++i) seen[i].e[0] = in[plan.network.shape.inputs + i].e[0];
    Layers<T, Channels{}>::run(*plan.branch, seen, last);
  }

  /// The last layer, [out][width] and [out], on columns of the hidden layer before it.
  static void complete(const MlpShape& shape, const Value* last, const S* columns, Taylor<T, C>* out) {
    for (int f = 0; f < shape.outputs; ++f) out[f] = Taylor<T, C>(last[shape.outputs * shape.width + f].e[0]);
    for (int i = 0; i < shape.width; ++i) {
      const Taylor<T, C> a = neuron(columns, shape.width, i);
      for (int f = 0; f < shape.outputs; ++f)
        for (int k = 0; k < C.count; ++k) out[f].e[k] = out[f].e[k] + last[f * shape.width + i].e[0] * a.e[k];
    }
  }

  /// Neuron i of columns of so many.
  static Taylor<T, C> neuron(const S* columns, int count, int i) {
    const int stride = padded_to_line<S>(count);
    Taylor<T, C> a{};
    for_each_column([&](int column, int k, int part) { Way::set(a.e[k], part, columns[column * stride + i]); });
    return a;
  }

  static void spread(const Taylor<T, C>* in, int count, S* columns) {
    const int stride = padded_to_line<S>(count);
    for_each_column([&](int column, int k, int part) {
      S* to = columns + column * stride;
      for (int i = 0; i < count; ++i) to[i] = Way::get(in[i].e[k], part);
      for (int i = count; i < stride; ++i) to[i] = 0;
    });
  }

  static void gather(const S* columns, int count, Taylor<T, C>* out) {
    const int stride = padded_to_line<S>(count);
    for_each_column([&](int column, int k, int part) {
      for (int i = 0; i < count; ++i) Way::set(out[i].e[k], part, columns[column * stride + i]);
    });
  }

  /// z = W a + b; b goes to the values, not to their derivatives. `weights` are [in][padded out], then b.
  static void affine(const S* weights, int inputs, int outputs, const S* a, S* z) {
    product(weights, weights + inputs * padded_to_line<S>(outputs), inputs, outputs, a, z);
  }

  /// The same without a b, if `bias` is null; for any number of columns.
  template <int kCount = kColumns>
  static void product(const S* weights, const S* bias, int inputs, int outputs, const S* a, S* z) {
    constexpr int kGroup = group_of(kCount), kFit = (kVectorRegisters - 4) / kGroup;
    const int stride = padded_to_line<S>(inputs), next = padded_to_line<S>(outputs);
    for (int column = 0; column < kCount; column += kGroup, a += kGroup * stride, z += kGroup * next) {
      int o = 0;
      const auto blocks = [&](auto packs) {
        constexpr int kPacks = packs;
        for (; o + kPacks * kLanes <= next; o += kPacks * kLanes)
          block<kPacks, kGroup>(weights + o, bias ? bias + o : nullptr, inputs, next, column, a, stride, z + o);
      };
      if constexpr (kGroup == 1) blocks(std::integral_constant<int, 8>());
      if constexpr (kFit >= 4) blocks(std::integral_constant<int, 4>());
      if constexpr (kFit >= 2) blocks(std::integral_constant<int, 2>());
      blocks(std::integral_constant<int, 1>());
    }
  }

  /// a = f(z), which may be in the same place.
  static void activate(Activation activation, int width, const S* z, S* a) {
    const int stride = padded_to_line<S>(width);
    with_quick_tower<C.order() + 1>(activation, [&](auto tower) {
      for (int at = 0; at < stride; at += kLanes) {
        W in[C.count], out[C.count];
        for (int k = 0; k < C.count; ++k) in[k] = Way::widen(z + at + k * Way::kParts * stride, stride);
        residua::activate<Propagation{C}>(tower(in[0]).d, kNoLeaf, in, out);
        for (int k = 0; k < C.count; ++k) Way::narrow(out[k], a + at + k * Way::kParts * stride, stride);
      }
    });
  }

  /// R adjoints of z, one after the other, from those of a = f(z), in their place.
  template <int R>
  static void activate_reverse(Activation activation, int width, const S* z, S* bar) {
    const int stride = padded_to_line<S>(width);
    with_quick_tower<C.order() + 2>(activation, [&](auto tower) {
      for (int at = 0; at < stride; at += kLanes) {
        W in[C.count], a_bar[C.count], z_bar[C.count];
        for (int k = 0; k < C.count; ++k) in[k] = Way::widen(z + at + k * Way::kParts * stride, stride);
        const auto slopes = tower(in[0]);
        for (int r = 0; r < R; ++r) {
          S* own = bar + at + r * kColumns * stride;
          for (int k = 0; k < C.count; ++k) a_bar[k] = Way::widen(own + k * Way::kParts * stride, stride);
          residua::activate_reverse<Propagation{C}>(slopes.d, kNoLeaf, in, a_bar, z_bar);
          for (int k = 0; k < C.count; ++k) Way::narrow(z_bar[k], own + k * Way::kParts * stride, stride);
        }
      }
    });
  }

 private:
  using W = typename Way::Wide;
  static constexpr const W* kNoLeaf = nullptr;
  /// Columns that share a weight in a register: the largest divisor of their number that leaves registers for two of
  /// neurons, so that loads do not outnumber products.
  static constexpr int group_of(int columns) {
    constexpr int kLimit = kVectorRegisters < 32 ? 6 : 9;
    int group = columns < kLimit ? columns : kLimit;
    while (columns % group != 0) --group;
    return group;
  }

  template <class F>
  static void for_each_column(F&& f) {
    for (int k = 0; k < C.count; ++k)
      for (int part = 0; part < Way::kParts; ++part) f(k * Way::kParts + part, k, part);
  }

  /// kPacks registers of neurons. Where these are few, each sum is split into kSplit, since an addition must wait for
  /// the one before it.
  template <int kPacks, int kGroup>
  static void block(const S* weights, const S* bias, int inputs, int outputs, int column, const S* a, int stride,
                    S* z) {
    constexpr int kSums = kPacks * kGroup, kSplit = kSums >= 8 ? 1 : kSums >= 4 ? 2 : 4;
    V sum[kSplit][kGroup][kPacks];
#pragma GCC unroll 4
    for (int split = 0; split < kSplit; ++split)
#pragma GCC unroll 16
      for (int c = 0; c < kGroup; ++c)
#pragma GCC unroll 8
        for (int b = 0; b < kPacks; ++b) sum[split][c][b] = V(0);
    if (bias)
#pragma GCC unroll 16
      for (int c = 0; c < kGroup; ++c)
        if (column + c == 0)
#pragma GCC unroll 8
          for (int b = 0; b < kPacks; ++b) sum[0][c][b] = V::load(bias + b * kLanes);
    const auto add = [&](int i, int split) {
      V w[kPacks];
#pragma GCC unroll 8
      for (int b = 0; b < kPacks; ++b) w[b] = V::load(weights + i * outputs + b * kLanes);
#pragma GCC unroll 16
      for (int c = 0; c < kGroup; ++c) {
        const V x(a[c * stride + i]);
#pragma GCC unroll 8
        for (int b = 0; b < kPacks; ++b) sum[split][c][b] = sum[split][c][b] + w[b] * x;
      }
    };
    int i = 0;
    for (; i + kSplit <= inputs; i += kSplit)
#pragma GCC unroll 4
      for (int split = 0; split < kSplit; ++split) add(i + split, split);
    for (; i < inputs; ++i) add(i, 0);
#pragma GCC unroll 16
    for (int c = 0; c < kGroup; ++c)
#pragma GCC unroll 8
      for (int b = 0; b < kPacks; ++b) {
        V total = sum[0][c][b];
#pragma GCC unroll 4
        for (int split = 1; split < kSplit; ++split) total = total + sum[split][c][b];
        total.store(z + c * outputs + b * kLanes);
      }
  }
};

}  // namespace residua::inline RESIDUA_ISA
