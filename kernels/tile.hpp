#pragma once
#include <cstddef>

#include "kernels/core/pack.hpp"
#include "kernels/head.hpp"
#include "kernels/mlp.hpp"
#include "kernels/term_kernel.hpp"

namespace residua::inline RESIDUA_ISA {

/// Features are padded to this multiple, so that the weight-gradient kernel may read whole blocks of four.
inline constexpr int kFeatureBlock = 4;
constexpr int padded(int features) { return (features + kFeatureBlock - 1) / kFeatureBlock * kFeatureBlock; }

/// The network on a tile of points: `packs` vector registers of points times K channels.
/// A layer's values are rows [pack][feature][channel][lane]: the channels of a point sit side by side, so that the
/// activation is the epilogue of the matrix product, in both directions, and every layer is one product that shares the
/// weights between points and channels. All activations of a tile stay in the cache from forward to backward.
template <class S, Channels C>
class TileNetwork {
 public:
  using V = Pack<S>;
  static constexpr int K = C.count, kLanes = V::kLanes;
  /// Outputs per register block: the accumulators, one layer's channels and a broadcast weight fit the register file.
  static constexpr int kRows = [] {
    const int fit = (kVectorRegisters - 2 - K) / K;
    return fit < 1 ? 1 : fit > 8 ? 8 : fit;
  }();
  static constexpr std::size_t kCacheBytes = 640 * 1024;  ///< of a core's L2, for the activations of a tile
  static constexpr int kMaxPacks = 8;

  /// Registers of points in a tile: as many as leave the tile in cache.
  static int packs(const MlpShape& shape) {
    const std::size_t layer = std::size_t(padded(shape.width)) * K * sizeof(V), held = layer * (2 * shape.depth + 2);
    const std::size_t fit = kCacheBytes / held;
    return fit < 1 ? 1 : fit > kMaxPacks ? kMaxPacks : int(fit);
  }

  /// Weights in the order in which the products read them: [block of kRows outputs][input][row], forward and
  /// transposed.
  static std::size_t packed_size(const MlpShape& shape) {
    std::size_t size = 0;
    for (int l = 0; l < shape.layers(); ++l)
      size += block_size(shape.fan_out(l), shape.fan_in(l)) + transposed_size(shape, l);
    return size;
  }
  static void pack(const MlpShape& shape, const S* weights, S* packed) {
    for (int l = 0; l < shape.layers(); ++l) {
      const int in = shape.fan_in(l), out = shape.fan_out(l);
      const S* w = weights + shape.offset(l);
      packed = pack_blocks(packed, out, in, [=](int o, int i) { return w[o * in + i]; });
      if (l > 0) packed = pack_blocks(packed, in, out, [=](int i, int o) { return w[o * in + i]; });
    }
  }

  static std::size_t workspace_size(const MlpShape& shape) {
    return std::size_t(packs(shape)) * K * kLanes *
           (padded(shape.inputs) + 2 * shape.depth * padded(shape.width) + 2 * padded(shape.outputs) +
            2 * padded(shape.width));
  }

  TileNetwork(const MlpShape& shape, const S* weights, const S* packed, S* workspace)
      : shape_(shape), packs_(packs(shape)), weights_(weights) {
    S* at = workspace;
    const auto take = [&](int features) {
      S* rows = at;
      at += std::size_t(packs_) * padded(features) * K * kLanes;
      return rows;
    };
    a_[0] = take(shape.inputs);
    for (int l = 1; l <= shape.depth; ++l) {
      a_[l] = take(shape.width);
      z_[l] = take(shape.width);
    }
    net_ = take(shape.outputs);
    net_bar_ = take(shape.outputs);
    bar_[0] = take(shape.width);
    bar_[1] = take(shape.width);
    for (S* s = workspace; s != at; ++s) *s = 0;  // the padding must read as zero
    for (int l = 0; l < shape.layers(); ++l) {
      forward_[l] = packed;
      packed += block_size(shape.fan_out(l), shape.fan_in(l));
      transposed_[l] = packed;
      packed += transposed_size(shape, l);
    }
  }

  int packs() const { return packs_; }
  S* input(int pack, int feature) { return row(a_[0], shape_.inputs, pack, feature); }
  const S* output(int pack, int field) const { return row(net_, shape_.outputs, pack, field); }
  S* output_bar(int pack, int field) { return row(net_bar_, shape_.outputs, pack, field); }

  /// From inputs to outputs. The activations stay for `backward`.
  void forward() {
    for (int l = 0; l < shape_.depth; ++l) {
      S *a = a_[l + 1], *z = z_[l + 1];
      product(l, forward_[l], shape_.fan_in(l), shape_.width, a_[l], bias(l), [&](int pack, int o, const V(&acc)[K]) {
        store(row(z, shape_.width, pack, o), acc);
        V activated[K];
        activate<V, C>(ActivationJet<V>::at(shape_.activation, acc[0]), acc, activated);
        store(row(a, shape_.width, pack, o), activated);
      });
    }
    const int last = shape_.depth;
    product(last, forward_[last], shape_.width, shape_.outputs, a_[last], bias(last),
            [&](int pack, int o, const V(&acc)[K]) { store(row(net_, shape_.outputs, pack, o), acc); });
  }

  /// From adjoints of the outputs to gradients of the weights, added to `gradient`.
  void backward(S* gradient) {
    const S* z_bar = net_bar_;
    for (int l = shape_.depth; l >= 0; --l) {
      weight_gradient(z_bar, a_[l], shape_.fan_out(l), shape_.fan_in(l), gradient + shape_.offset(l));
      if (l == 0) break;
      S* next = bar_[l % 2];
      product(l, transposed_[l], shape_.fan_out(l), shape_.width, z_bar, nullptr,
              [&](int pack, int o, const V(&acc)[K]) {
                V z[K], bar[K];
                load(row(z_[l], shape_.width, pack, o), z);
                activate_reverse<V, C>(ActivationJet<V>::at(shape_.activation, z[0]), z, acc, bar);
                store(row(next, shape_.width, pack, o), bar);
              });
      z_bar = next;
    }
  }

 private:
  static std::size_t block_size(int out, int in) { return std::size_t(out + kRows - 1) / kRows * kRows * in; }
  static std::size_t transposed_size(const MlpShape& shape, int l) {
    return l == 0 ? 0 : block_size(shape.fan_in(l), shape.fan_out(l));
  }
  template <class At>
  static S* pack_blocks(S* to, int out, int in, At&& at) {
    for (int o = 0; o < out; o += kRows)
      for (int i = 0; i < in; ++i)
        for (int r = 0; r < kRows; ++r) *to++ = o + r < out ? at(o + r, i) : S(0);
    return to;
  }

  const S* bias(int l) const {
    return weights_ + shape_.offset(l) + std::int64_t(shape_.fan_in(l)) * shape_.fan_out(l);
  }
  template <class P>
  static P* row(P* rows, int features, int pack, int feature) {
    return rows + (std::size_t(pack) * padded(features) + feature) * (K * kLanes);
  }
  static void load(const S* from, V (&v)[K]) {
    for (int k = 0; k < K; ++k) v[k] = V::load(from + k * kLanes);
  }
  static void store(S* to, const V (&v)[K]) {
    for (int k = 0; k < K; ++k) v[k].store(to + k * kLanes);
  }

  /// Matrix times tile: for every pack and every output o, epilogue(pack, o, sums over inputs [K]).
  template <class Epilogue>
  void product(int, const S* packed, int in, int out, const S* a, const S* bias, Epilogue&& epilogue) {
    for (int o = 0; o < out; o += kRows, packed += std::size_t(in) * kRows)
      for (int pack = 0; pack < packs_; ++pack) {
        V acc[kRows][K];
        for (int r = 0; r < kRows; ++r) {
          acc[r][0] = V(bias && o + r < out ? bias[o + r] : S(0));
          for (int k = 1; k < K; ++k) acc[r][k] = V(0);
        }
        const S *w = packed, *x = row(a, in, pack, 0);
        for (int i = 0; i < in; ++i, w += kRows, x += K * kLanes) {
          V channel[K];
          load(x, channel);
#pragma GCC unroll 8
          for (int r = 0; r < kRows; ++r) {
            const V weight(w[r]);
#pragma GCC unroll 16
            for (int k = 0; k < K; ++k) acc[r][k] = acc[r][k] + weight * channel[k];
          }
        }
        const int rows = out - o < kRows ? out - o : kRows;
        for (int r = 0; r < rows; ++r) epilogue(pack, o + r, acc[r]);
      }
  }

  /// gradient[o][i] += sum over points and channels of z_bar[o] a[i]; the bias sees the value channel only.
  /// Lanes are summed once per block, by a tree of shuffles that leaves one sum in every lane.
  void weight_gradient(const S* z_bar, const S* a, int out, int in, S* gradient) {
    constexpr int kOut = kVectorRegisters == 32 ? 4 : 2, kIn = kFeatureBlock;
    for (int o = 0; o < out; o += kOut)
      for (int i = 0; i < in; i += kIn) {
        V acc[kOut * kIn];
        for (V& v : acc) v = V(0);
        for (int pack = 0; pack < packs_; ++pack) {
          const S *g = row(z_bar, out, pack, o), *x = row(a, in, pack, i);
#pragma GCC unroll 16
          for (int k = 0; k < K; ++k) {
            V b[kIn];
            for (int c = 0; c < kIn; ++c) b[c] = V::load(x + (c * K + k) * kLanes);
#pragma GCC unroll 4
            for (int r = 0; r < kOut; ++r) {
              const V adjoint = V::load(g + (r * K + k) * kLanes);
#pragma GCC unroll 4
              for (int c = 0; c < kIn; ++c) acc[r * kIn + c] = acc[r * kIn + c] + adjoint * b[c];
            }
          }
        }
        S sums[kOut * kIn];
        for (int group = 0; group < kOut * kIn; group += kLanes) lane_sums(acc + group).store(sums + group);
        for (int r = 0; r < kOut && o + r < out; ++r)
          for (int c = 0; c < kIn && i + c < in; ++c) gradient[std::int64_t(o + r) * in + i + c] += sums[r * kIn + c];
      }
    S* bias = gradient + std::int64_t(in) * out;
    for (int o = 0; o < out; ++o) {
      V sum(0);
      for (int pack = 0; pack < packs_; ++pack) sum += V::load(row(z_bar, out, pack, o));
      bias[o] += sum.sum();
    }
  }

  MlpShape shape_;
  int packs_;
  const S* weights_;
  S *a_[kMaxDepth + 1], *z_[kMaxDepth + 1], *net_, *net_bar_, *bar_[2];
  const S *forward_[kMaxDepth + 1], *transposed_[kMaxDepth + 1];
};

}  // namespace residua::inline RESIDUA_ISA
