#pragma once
#include "kernels/cuda/layer_by_threads.hpp"
#include "kernels/cuda/warp_product.hpp"

namespace residua::cuda {

/// The products of a layer (layer_by_threads.hpp) by warps, with an Arithmetic of warp_product.hpp. A warp takes some
/// features and the points of one block of a step's columns, with all channels of a point in the same lane, so that it
/// applies the activation to what it holds.
template <class Arithmetic, int K>
class LayerByWarps {
  using S = typename Arithmetic::Scalar;
  static constexpr int kColumns = K * kTilePoints;
  static constexpr int kStride = panel_stride<S>(K);
  /// Row blocks of a warp: as many as its registers hold sums of.
  static constexpr int kRowBlocks = K <= 5 ? 2 : 1;

 public:
  RESIDUA_HD explicit LayerByWarps(const BlockStorage<S>&) {}

  template <class Block, class Store, class... Of>
  RESIDUA_HD void affine(const Block& block, const MlpShape& shape, int l, const Store& store, const Of&... of) const {
    block.run_warps([&](int warp) { affine_of(warp, shape.fan_in(l), shape.fan_out(l), store, of()...); });
  }

  template <class Block, class Store, class Of>
  RESIDUA_HD void transposed(const Block& block, const MlpShape& shape, int l, const Store& store, const Of& of) const {
    block.run_warps([&](int warp) { transposed_of(warp, shape.fan_in(l), shape.fan_out(l), store, of()); });
  }

  template <class Block, class Of>
  RESIDUA_HD void outer(const Block& block, const MlpShape& shape, int l, const Of& of) const {
    block.run_warps([&](int warp) { outer_of(warp, shape.fan_in(l), shape.fan_out(l), of()); });
  }

 private:
  /// use(feature of the first row, first point) for the blocks of `features` rows that fall to a warp.
  template <class Step, class Use>
  RESIDUA_HD static void for_blocks(int warp, int features, Use&& use) {
    constexpr int kRows = kRowBlocks * Step::kRows, kPointBlocks = kTilePoints / Step::kColumns;
    const int blocks = (features + kRows - 1) / kRows * kPointBlocks;
    for (int b = warp; b < blocks; b += kWarps) use(b / kPointBlocks * kRows, b % kPointBlocks * Step::kColumns);
  }

  template <class Store, class... More>
  RESIDUA_HD static void affine_of(int warp, int fan_in, int fan_out, const Store& store, Factors<S> first,
                                   More... more) {
    using Product = WarpProduct<Arithmetic, kRowBlocks, K>;
    const S* bias = first.weights + fan_in * fan_out;
    for_blocks<typename Product::Step>(warp, fan_out, [&](int feature, int point) {
      Product product;
      add(product, feature, point, fan_in, fan_out, first);
      (add(product, feature, point, fan_in, fan_out, more), ...);
      product.for_entries([&](int row, int p, S(&z)[K]) {
        if (feature + row >= fan_out) return;
        z[0] += bias[feature + row];
        store(feature + row, point + p, z);
      });
    });
  }

  template <class Product>
  RESIDUA_HD static void add(Product& product, int feature, int point, int fan_in, int fan_out, Factors<S> of) {
    product.add(
        fan_in,
        [&](int row, int i) {
          return feature + row < fan_out && i < fan_in ? of.weights[(feature + row) * fan_in + i] : S(0);
        },
        [&](int i, int channel, int p) {
          return i < fan_in ? of.panel[i * kStride + channel * kTilePoints + point + p] : S(0);
        });
  }

  template <class Store>
  RESIDUA_HD static void transposed_of(int warp, int fan_in, int fan_out, const Store& store, Factors<S> of) {
    using Product = WarpProduct<Arithmetic, kRowBlocks, K>;
    for_blocks<typename Product::Step>(warp, fan_in, [&](int feature, int point) {
      Product product;
      product.add(
          fan_out,
          [&](int row, int o) {
            return feature + row < fan_in && o < fan_out ? of.weights[o * fan_in + feature + row] : S(0);
          },
          [&](int o, int channel, int p) {
            return o < fan_out ? of.panel[o * kStride + channel * kTilePoints + point + p] : S(0);
          });
      product.for_entries([&](int row, int p, S(&a_bar)[K]) {
        if (feature + row < fan_in) store(feature + row, point + p, a_bar);
      });
    });
  }

  RESIDUA_HD static void outer_of(int warp, int fan_in, int fan_out, OuterFactors<S> of) {
    constexpr int kColumnBlocks = 4;
    using Product = WarpProduct<Arithmetic, 1, kColumnBlocks>;
    using Step = typename Product::Step;
    constexpr int kRows = Step::kRows, kEntries = kColumnBlocks * Step::kColumns;
    const int across = (fan_in + kEntries - 1) / kEntries, down = (fan_out + kRows - 1) / kRows;
    for (int b = warp; b < across * down; b += kWarps) {
      const int o = b / across * kRows, i = b % across * kEntries;
      Product product;
      product.add(
          kColumns, [&](int row, int c) { return o + row < fan_out ? of.z_bar[(o + row) * kStride + c] : S(0); },
          [&](int c, int block, int column) {
            const int feature = i + block * Step::kColumns + column;
            return feature < fan_in ? of.a[feature * kStride + c] : S(0);
          });
      product.for_entries([&](int row, int column, const S(&sums)[kColumnBlocks]) {
        for (int block = 0; block < kColumnBlocks; ++block) {
          const int feature = i + block * Step::kColumns + column;
          if (o + row < fan_out && feature < fan_in) of.gradient[(o + row) * fan_in + feature] += sums[block];
        }
      });
    }
  }
};

}  // namespace residua::cuda
