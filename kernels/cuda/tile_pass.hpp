#pragma once
#include <type_traits>

#include "kernels/cuda/layer_by_groups.hpp"
#include "kernels/cuda/layer_by_threads.hpp"
#include "kernels/cuda/layer_by_warps.hpp"
#include "kernels/head.hpp"
#include "kernels/mlp.hpp"

namespace residua::cuda {

// How a tile multiplies: by an Arithmetic of warp_product.hpp, or in floats by warp groups, or each thread for itself.
struct PerThread {};
struct WarpGroups {};

template <class Arithmetic, class S, int K>
struct LayerOf {
  using Type = LayerByWarps<Arithmetic, K>;
};
template <class S, int K>
struct LayerOf<PerThread, S, K> {
  using Type = LayerByThreads<S, K>;
};
template <int K>
struct LayerOf<WarpGroups, float, K> {
  using Type = LayerByGroups<K>;
};

/// The phases that passes over tiles of points are put together from: features -> layers on jets and, kTaped, back
/// through the layers with the sums of their weights' gradients. A block takes every `blocks`-th tile.
///
/// A panel holds one layer of the tile as rows [feature][channel][point]. Two of them alternate; what the way back
/// needs goes to the tape.
template <class Ph, class Term, class Args, bool kTaped, class Arithmetic>
class TilePass {
  using S = typename Args::Scalar;

 public:
  RESIDUA_HD TilePass(const Args& args, const BlockStorage<S>& store)
      : args_(args), store_(store), shape_(args.network.shape) {}

 protected:
  using PointHead = FusedHead<Ph, Term, S>;
  static constexpr Propagation kPropagation = PointHead::kPropagation;
  static constexpr int kEquations = PointHead::kEquations;
  static constexpr int K = PointHead::K, kCurved = PointHead::kCurved;
  static constexpr int kColumns = K * kTilePoints;
  static constexpr int kStride = panel_stride<S>(K);
  using Summand = Factors<S>;

  const Args& args_;
  const BlockStorage<S>& store_;
  const MlpShape& shape_;
  std::int64_t first_ = 0;  ///< point of the tile

  // for (to_first(block); more(); to_next()) goes over the tiles of a block.
  RESIDUA_HD void to_first(int block) { first_ = args_.range().first + std::int64_t(block) * kTilePoints; }
  RESIDUA_HD bool more() const { return first_ < args_.range().last; }
  RESIDUA_HD void to_next() { first_ += std::int64_t(args_.plan.blocks) * kTilePoints; }

  /// From the points of the tile to the outputs of the network.
  template <class Block>
  RESIDUA_HD void enter(const Block& block) const {
    block.run([&](int thread) { inputs(thread); });
    for (int l = 0; l <= shape_.depth; ++l) forward(block, l);
  }

  // The way back: for (int l = shape_.depth; l >= 0; --l), restore(block, l), then whatever reads the adjoints of layer
  // l in its output panel and what it had read in its input panel, then backward(block, l).
  template <class Block>
  RESIDUA_HD void restore(const Block& block, int l) const {
    // The inputs of the last layer are still in their panel.
    if (l < shape_.depth) block.run([&](int thread) { restore(thread, l); });
  }

  RESIDUA_HD std::int64_t point(int thread) const { return first_ + thread; }
  RESIDUA_HD bool inside(int thread) const { return point(thread) < args_.range().last; }
  /// The point, or the last one for the lanes of the last tile beyond it.
  RESIDUA_HD std::int64_t clamped(int thread) const { return inside(thread) ? point(thread) : args_.range().last - 1; }
  /// The panel that layer l reads; it writes the other one.
  RESIDUA_HD S* input_panel(int l) const { return l % 2 ? store_.panel[1] : store_.panel[0]; }
  RESIDUA_HD S* output_panel(int l) const { return input_panel(l + 1); }
  RESIDUA_HD const S* weights(int l) const { return args_.network.weights + shape_.offset(l); }
  RESIDUA_HD S* taped_input(int feature) const { return store_.tape + feature * kColumns; }
  RESIDUA_HD S* taped(int l, int feature) const {
    return store_.tape + (shape_.inputs + l * shape_.width + feature) * kColumns;
  }

  RESIDUA_HD PointHead head(std::int64_t i) const {
    const Points<S>& points = args_.points;
    PointHead head{};
    for (int c = 0; c < Ph::kCoords; ++c) head.at.x[c] = points.coords[c * points.n + i];
    for (int k = 0; k < Ph::kParams; ++k) {
      const int row = points.design_row[k];
      head.at.p[k] = row < 0 ? points.params[k] : points.design[row * points.n + i];
    }
    head.collapse();
    return head;
  }

  RESIDUA_HD void inputs(int thread) const {
    if (thread >= kTilePoints) return;
    const Points<S>& points = args_.points;
    const std::int64_t i = clamped(thread);
    S in[kMaxInputs][K];
    const PointHead at = head(i);
    at.inputs(
        args_.network, points.design_count, [&](int d) { return points.design[d * points.n + i]; }, in);
    for (int f = 0; f < shape_.inputs; ++f)
      for (int k = 0; k < K; ++k) {
        const int column = k * kTilePoints + thread;
        input_panel(0)[f * kStride + column] = in[f][k];
        if constexpr (kTaped) taped_input(f)[column] = in[f][k];
      }
    at.curved([&](int m, const S& leaf) { taped_leaf(m)[thread] = leaf; });
  }

  /// use(who multiplies in layer l). Layers with few inputs or outputs would leave most of a tensor core empty.
  template <class Use>
  RESIDUA_HD void with_layer(int l, Use&& use) const {
    constexpr int kNarrow = 8;
    constexpr bool kAlone = std::is_same_v<Arithmetic, PerThread>;
    if constexpr (!kAlone)
      if (shape_.fan_in(l) > kNarrow && shape_.fan_out(l) > kNarrow)
        return use(typename LayerOf<Arithmetic, S, K>::Type(store_));
    use(LayerByThreads<S, K, kAlone>(store_));
  }

  template <class Block>
  RESIDUA_HD void forward(const Block& block, int l) const {
    const auto store = [this, l](int feature, int lane, const S(&z)[K]) { store_layer(l, feature, lane, z); };
    affine(block, l, store, [this, l] { return Summand{weights(l), input_panel(l)}; });
  }

  /// z = sum of the products of all summands() + biases of the first for layer l; store(feature, point of the tile, z).
  template <class Block, class Store, class... Of>
  RESIDUA_HD void affine(const Block& block, int l, const Store& store, const Of&... summands) const {
    with_layer(l, [&](const auto& layer) { layer.affine(block, shape_, l, store, summands...); });
  }

  /// a_bar = W^T z_bar, then the adjoints of the layer below, in the place of what layer l had read.
  template <class Block>
  RESIDUA_HD void backward(const Block& block, int l) const {
    if (l == 0) return;
    const auto store = [this, l](int feature, int lane, const S(&a_bar)[K]) { store_adjoint(l, feature, lane, a_bar); };
    with_layer(l, [&](const auto& layer) {
      layer.transposed(block, shape_, l, store, [this, l] { return Summand{weights(l), output_panel(l)}; });
    });
  }
  RESIDUA_HD void clear_gradient(int thread) const {
    for (std::int64_t k = thread; k < args_.plan.parameters; k += kThreads) store_.gradient[k] = 0;
  }
  template <class Block>
  RESIDUA_HD void add_gradient(const Block& block, int l) const {
    with_layer(l, [&](const auto& layer) {
      layer.outer(block, shape_, l, [this, l] {
        return OuterFactors<S>{output_panel(l), input_panel(l), store_.gradient + shape_.offset(l)};
      });
    });
    block.run([&](int thread) { add_biases(thread, l); });
  }

  RESIDUA_HD S* taped_leaf(int m) const { return store_.tape + args_.plan.leaves_at + m * kTilePoints; }
  RESIDUA_HD void leaves(int lane, S (&leaf)[kCurved + 1]) const {
    for (int m = 0; m < kCurved; ++m) leaf[m] = taped_leaf(m)[lane];
  }
  RESIDUA_HD void activate_at(int lane, const S (&z)[K], S (&a)[K]) const {
    S leaf[kCurved + 1]{};
    leaves(lane, leaf);
    activate<kPropagation>(Tower<S, kPropagation.order() + 1>::at(shape_.activation, z[0]).d, leaf, z, a);
  }

  RESIDUA_HD void store_layer(int l, int feature, int lane, const S (&z)[K]) const {
    S* out = output_panel(l) + feature * kStride + lane;
    if (l == shape_.depth) {
      for (int k = 0; k < K; ++k) out[k * kTilePoints] = z[k];
      return;
    }
    S a[K];
    activate_at(lane, z, a);
    for (int k = 0; k < K; ++k) {
      out[k * kTilePoints] = a[k];
      if constexpr (kTaped) taped(l, feature)[k * kTilePoints + lane] = z[k];
    }
  }

  /// What the network answered at a point of the tile, [field][kStride] and therein [channel][kTilePoints]; their
  /// adjoints take that place.
  RESIDUA_HD S* outputs(int thread) const { return output_panel(shape_.depth) + thread; }
  RESIDUA_HD static void read_outputs(const S* out, typename PointHead::Net& net) {
    for (int f = 0; f < Ph::kFields; ++f)
      for (int k = 0; k < K; ++k) net[f][k] = out[f * kStride + k * kTilePoints];
  }

  /// What layer l had read, again in the panel where it read it.
  RESIDUA_HD void restore(int thread, int l) const {
    const int lane = thread % kTilePoints;
    for (int f = thread / kTilePoints; f < shape_.fan_in(l); f += kThreads / kTilePoints) {
      const S* tape = (l == 0 ? taped_input(f) : taped(l - 1, f)) + lane;
      S z[K], a[K];
      for (int k = 0; k < K; ++k) a[k] = z[k] = tape[k * kTilePoints];
      if (l > 0) activate_at(lane, z, a);
      for (int k = 0; k < K; ++k) input_panel(l)[f * kStride + k * kTilePoints + lane] = a[k];
    }
  }

  RESIDUA_HD void add_biases(int thread, int l) const {
    const int fan_in = shape_.fan_in(l), fan_out = shape_.fan_out(l);
    const S* z_bar = output_panel(l);
    S* bias = store_.gradient + shape_.offset(l) + fan_in * fan_out;
    for (int o = thread; o < fan_out; o += kThreads) {
      S sum = 0;
      for (int p = 0; p < kTilePoints; ++p) sum += z_bar[o * kStride + p];
      bias[o] += sum;
    }
  }

  RESIDUA_HD void store_adjoint(int l, int feature, int lane, const S (&a_bar)[K]) const {
    S z[K], below[K], leaf[kCurved + 1]{};
    for (int k = 0; k < K; ++k) z[k] = taped(l - 1, feature)[k * kTilePoints + lane];
    leaves(lane, leaf);
    activate_reverse<kPropagation>(Tower<S, kPropagation.order() + 2>::at(shape_.activation, z[0]).d, leaf, z, a_bar,
                                   below);
    for (int k = 0; k < K; ++k) input_panel(l)[feature * kStride + k * kTilePoints + lane] = below[k];
  }
};

}  // namespace residua::cuda
