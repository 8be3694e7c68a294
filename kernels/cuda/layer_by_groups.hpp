#pragma once
#include "kernels/cuda/group_product.hpp"
#include "kernels/cuda/layer_by_threads.hpp"

namespace residua::cuda {

/// Shared memory of a block in which LayerByGroups stages its right operands.
inline constexpr std::size_t kStagedBytes = 16384;

/// The products of a layer (layer_by_threads.hpp) of floats by warp groups. A line of GroupProduct is a point, whose
/// channels a thread holds all of, so that it applies the activation to what it holds; weights are staged in shared
/// memory. In a weight gradient lines are features.
template <int K, template <int> class Step = GroupStep>
class LayerByGroups {
  using Channels = GroupProduct<K, Step>;
  using Features = GroupProduct<2, Step>;
  static constexpr int kStride = panel_stride<float>(K);
  static constexpr int kLines = kTilePoints;
  static_assert(kLines == kGroupThreads / 4, "a warp group has as many lines as a tile has points");
  static_assert(std::max(Channels::kStagedBytes, Features::kStagedBytes) <= kStagedBytes);

 public:
  RESIDUA_HD explicit LayerByGroups(const BlockStorage<float>& store) : staged_(store.staged) {}

  template <class Block, class Store, class First, class... More>
  RESIDUA_HD void affine(const Block& block, const MlpShape& shape, int l, const Store& store, const First& first,
                         const More&... more) const {
    for (int feature = 0; feature < shape.fan_out(l); feature += Channels::kColumns) {
      Channels product;
      const auto weight = [&](const auto& of, int i, int column) {
        const int fan_in = shape.fan_in(l);
        return i < fan_in && feature + column < shape.fan_out(l) ? of().weights[(feature + column) * fan_in + i] : 0.0f;
      };
      add(block, product, shape.fan_in(l), first, weight);
      (add(block, product, shape.fan_in(l), more, weight), ...);
      product.for_entries(block, [&](int point, int column, float(&z)[K]) {
        const int fan_out = shape.fan_out(l);
        if (feature + column >= fan_out) return;
        z[0] += first().weights[shape.fan_in(l) * fan_out + feature + column];
        store(feature + column, point, z);
      });
    }
  }

  template <class Block, class Store, class Of>
  RESIDUA_HD void transposed(const Block& block, const MlpShape& shape, int l, const Store& store, const Of& of) const {
    for (int feature = 0; feature < shape.fan_in(l); feature += Channels::kColumns) {
      Channels product;
      add(block, product, shape.fan_out(l), of, [&](const auto& factors, int o, int column) {
        const int fan_in = shape.fan_in(l);
        return o < shape.fan_out(l) && feature + column < fan_in ? factors().weights[o * fan_in + feature + column]
                                                                 : 0.0f;
      });
      product.for_entries(block, [&](int point, int column, float(&a_bar)[K]) {
        if (feature + column < shape.fan_in(l)) store(feature + column, point, a_bar);
      });
    }
  }

  template <class Block, class Of>
  RESIDUA_HD void outer(const Block& block, const MlpShape& shape, int l, const Of& of) const {
    const int fan_in = shape.fan_in(l), fan_out = shape.fan_out(l);
    for (int o = 0; o < fan_out; o += 2 * kLines)
      for (int i = 0; i < fan_in; i += Features::kColumns) {
        Features product;
        product.add(
            block, staged_, K * kTilePoints,
            [&](int line, int half, int c) {
              const int row = o + half * kLines + line;
              return row < fan_out ? of().z_bar[row * kStride + c] : 0.0f;
            },
            [&](int c, int column) { return i + column < fan_in ? of().a[(i + column) * kStride + c] : 0.0f; });
        product.for_entries(block, [&](int line, int column, const float(&sums)[2]) {
          for (int half = 0; half < 2; ++half) {
            const int row = o + half * kLines + line;
            if (row < fan_out && i + column < fan_in) of().gradient[row * fan_in + i + column] += sums[half];
          }
        });
      }
  }

 private:
  /// Adds the products of a panel's first `rows` rows with weight(of, row, column).
  template <class Block, class Of, class Weight>
  RESIDUA_HD void add(const Block& block, Channels& product, int rows, const Of& of, const Weight& weight) const {
    product.add(
        block, staged_, rows,
        [&](int point, int channel, int row) {
          return row < rows ? of().panel[row * kStride + channel * kTilePoints + point] : 0.0f;
        },
        [&](int row, int column) { return weight(of, row, column); });
  }

  float* staged_;
};

}  // namespace residua::cuda
