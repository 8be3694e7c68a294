#pragma once
#include <type_traits>

#include "kernels/cuda/tile_plan.hpp"
#include "kernels/cuda/warp_product.hpp"
#include "kernels/head.hpp"
#include "kernels/mlp.hpp"

namespace residua::cuda {

/// gradient[o][i] += sum over columns of z_bar[o][column] * a[i][column], for one layer. The threads form a square of
/// 16 x 16; each owns Out x In entries, 16 apart, so that the 8 rows (of 4 or 2 columns) which a warp reads at once
/// fill the banks.
template <int Out, int In, class S>
RESIDUA_HD void add_outer_products(int thread, const S* z_bar, const S* a, int columns, int stride, int fan_out,
                                   int fan_in, S* gradient) {
  constexpr int kSide = 16, kStep = 16 / int(sizeof(S));
  struct alignas(16) Step {
    S v[kStep];
  };
  const int lane = thread % kLanes, warp = thread / kLanes;
  const int row = lane / 4 + 8 * (warp / 4), column = lane % 4 + 4 * (warp % 4);
  for (int o = row; o < fan_out; o += kSide * Out)
    for (int i = column; i < fan_in; i += kSide * In) {
      // Rows beyond the last are computed on the last one, and not written.
      const S *left[Out], *right[In];
      for (int r = 0; r < Out; ++r) left[r] = z_bar + (o + kSide * r < fan_out ? o + kSide * r : fan_out - 1) * stride;
      for (int r = 0; r < In; ++r) right[r] = a + (i + kSide * r < fan_in ? i + kSide * r : fan_in - 1) * stride;
      S sum[Out][In]{};
#ifdef __CUDA_ARCH__
#pragma unroll 2  // by more, what is loaded ahead takes the registers of all else
#endif
      for (int c = 0; c < columns; c += kStep) {
        Step l[Out], r[In];
        for (int k = 0; k < Out; ++k) l[k] = *reinterpret_cast<const Step*>(left[k] + c);
        for (int k = 0; k < In; ++k) r[k] = *reinterpret_cast<const Step*>(right[k] + c);
        for (int p = 0; p < Out; ++p)
          for (int q = 0; q < In; ++q)
            for (int v = 0; v < kStep; ++v) sum[p][q] += l[p].v[v] * r[q].v[v];
      }
      for (int p = 0; p < Out; ++p)
        for (int q = 0; q < In; ++q)
          if (o + kSide * p < fan_out && i + kSide * q < fan_in)
            gradient[(o + kSide * p) * fan_in + i + kSide * q] += sum[p][q];
    }
}

/// How a tile multiplies: each thread adds up products of its own, or the warps do by an Arithmetic of
/// warp_product.hpp.
struct PerThread {};

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
  static constexpr int kGroups = kThreads / kTilePoints;
  /// Features a thread computes together: as many as its registers hold jets.
  static constexpr int kBlocking = K <= 6 ? 8 : K <= 12 ? 4 : 2;

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

  /// Layers with few inputs or outputs would leave most of a warp's product empty.
  RESIDUA_HD bool by_warps(int l) const {
    constexpr int kNarrow = 8;
    return !std::is_same_v<Arithmetic, PerThread> && shape_.fan_in(l) > kNarrow && shape_.fan_out(l) > kNarrow;
  }

  template <class Block>
  RESIDUA_HD void forward(const Block& block, int l) const {
    const auto store = [this, l](int feature, int lane, const S(&z)[K]) { store_layer(l, feature, lane, z); };
    affine(block, l, store, [this, l] { return Summand{weights(l), input_panel(l)}; });
  }

  /// Weights [fan_out][fan_in], with biases behind them, and the panel whose rows they are for.
  struct Summand {
    const S* weights;
    const S* panel;
  };

  /// z = sum of the products of all summands() + biases of the first for layer l; store(feature, point of the tile, z).
  template <class Block, class Store, class... Of>
  RESIDUA_HD void affine(const Block& block, int l, const Store& store, const Of&... summands) const {
    if constexpr (!std::is_same_v<Arithmetic, PerThread>)
      if (by_warps(l)) return block.run_warps([&](int warp) { affine_by_warp(warp, l, store, summands()...); });
    block.run([&](int thread) {
      if (shape_.fan_out(l) <= kGroups)
        affine_by_thread<1>(thread, l, store, summands()...);
      else
        affine_by_thread<kBlocking>(thread, l, store, summands()...);
    });
  }

  template <class Block>
  RESIDUA_HD void backward(const Block& block, int l) const {
    if (l == 0) return;
    if constexpr (!std::is_same_v<Arithmetic, PerThread>)
      if (by_warps(l)) return block.run_warps([&](int warp) { backward_by_warp(warp, l); });
    block.run([&](int thread) { backward_by_thread(thread, l); });
  }
  RESIDUA_HD void clear_gradient(int thread) const {
    for (std::int64_t k = thread; k < args_.plan.parameters; k += kThreads) store_.gradient[k] = 0;
  }
  template <class Block>
  RESIDUA_HD void add_gradient(const Block& block, int l) const {
    if constexpr (!std::is_same_v<Arithmetic, PerThread>)
      if (by_warps(l)) {
        block.run_warps([&](int warp) { add_weights_by_warp(warp, l); });
        block.run([&](int thread) { add_biases(thread, l); });
        return;
      }
    block.run([&](int thread) {
      add_weights_by_thread(thread, l);
      add_biases(thread, l);
    });
  }

  /// use(row, sums of the row) for the first `rows` of them. It goes over a copy: sums that are only ever indexed by
  /// constants stay in registers while they are added up.
  template <int Rows, class Use>
  RESIDUA_HD static void for_rows(const S (&sums)[Rows][K], int rows, Use&& use) {
    S copy[Rows][K];
    unroll<Rows>([&](auto r) { unroll<K>([&](auto k) { copy[r][k] = sums[r][k]; }); });
#ifdef __CUDA_ARCH__
#pragma unroll 1  // an activation is long
#endif
    for (int r = 0; r < Rows && r < rows; ++r) use(r, copy[r]);
  }

  /// A thread takes one point and Out features at a time.
  template <int Out, class Store, class... More>
  RESIDUA_HD void affine_by_thread(int thread, int l, const Store& store, Summand first, More... more) const {
    const int lane = thread % kTilePoints, group = thread / kTilePoints;
    const int fan_in = shape_.fan_in(l), fan_out = shape_.fan_out(l);
    const S* bias = first.weights + fan_in * fan_out;
    for (int o = group * Out; o < fan_out; o += kGroups * Out) {
      S z[Out][K]{};
      for (int r = 0; r < Out; ++r) z[r][0] = bias[o + r < fan_out ? o + r : fan_out - 1];
      add_by_thread(lane, o, fan_in, fan_out, first, z);
      (add_by_thread(lane, o, fan_in, fan_out, more, z), ...);
      for_rows(z, fan_out - o, [&](int r, S(&row)[K]) { store(o + r, lane, row); });
    }
  }

  template <int Out>
  RESIDUA_HD static void add_by_thread(int lane, int o, int fan_in, int fan_out, Summand of, S (&z)[Out][K]) {
    const S* row[Out];
    for (int r = 0; r < Out; ++r) row[r] = of.weights + (o + r < fan_out ? o + r : fan_out - 1) * fan_in;
    const S* a = of.panel + lane;
    for (int i = 0; i < fan_in; ++i, a += kStride)
      for (int r = 0; r < Out; ++r) {
        const S weight = row[r][i];
        for (int k = 0; k < K; ++k) z[r][k] += weight * a[k * kTilePoints];
      }
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
    for (int f = thread / kTilePoints; f < shape_.fan_in(l); f += kGroups) {
      const S* tape = (l == 0 ? taped_input(f) : taped(l - 1, f)) + lane;
      S z[K], a[K];
      for (int k = 0; k < K; ++k) a[k] = z[k] = tape[k * kTilePoints];
      if (l > 0) activate_at(lane, z, a);
      for (int k = 0; k < K; ++k) input_panel(l)[f * kStride + k * kTilePoints + lane] = a[k];
    }
  }

  RESIDUA_HD void add_weights_by_thread(int thread, int l) const {
    const int fan_in = shape_.fan_in(l), fan_out = shape_.fan_out(l);
    const S *z_bar = output_panel(l), *a = input_panel(l);
    S* gradient = store_.gradient + shape_.offset(l);
    if constexpr (std::is_same_v<Arithmetic, PerThread>)  // else the warps take layers like that
      if (fan_out > 16 && fan_in > 16)
        return add_outer_products<4, 4>(thread, z_bar, a, kColumns, kStride, fan_out, fan_in, gradient);
    if (fan_out > 16)
      add_outer_products<4, 1>(thread, z_bar, a, kColumns, kStride, fan_out, fan_in, gradient);
    else
      add_outer_products<1, 4>(thread, z_bar, a, kColumns, kStride, fan_out, fan_in, gradient);
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

  /// a_bar = W^T z_bar, then the adjoints of the layer below, in the place of what layer l had read.
  RESIDUA_HD void backward_by_thread(int thread, int l) const {
    constexpr int In = kBlocking;
    const int lane = thread % kTilePoints, group = thread / kTilePoints;
    const int fan_in = shape_.fan_in(l), fan_out = shape_.fan_out(l);
    for (int i = group * In; i < fan_in; i += kGroups * In) {
      const S* column[In];
      S a_bar[In][K]{};
      for (int r = 0; r < In; ++r) column[r] = weights(l) + (i + r < fan_in ? i + r : fan_in - 1);
      const S* z_bar = output_panel(l) + lane;
      for (int o = 0; o < fan_out; ++o, z_bar += kStride)
        for (int r = 0; r < In; ++r) {
          const S weight = column[r][o * fan_in];
          for (int k = 0; k < K; ++k) a_bar[r][k] += weight * z_bar[k * kTilePoints];
        }
      for_rows(a_bar, fan_in - i, [&](int r, const S(&row)[K]) { store_adjoint(l, i + r, lane, row); });
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

  // The same by warps. A warp takes some features and the points of one block of a step's columns, with all channels of
  // a point in the same lane, so that it applies the activation to what it holds.

  /// Row blocks of a warp: as many as its registers hold sums of.
  static constexpr int kRowBlocks = K <= 5 ? 2 : 1;

  /// use(feature of the first row, first point) for the blocks of `features` rows that fall to a warp.
  template <class Step, class Use>
  RESIDUA_HD static void for_blocks(int warp, int features, Use&& use) {
    constexpr int kRows = kRowBlocks * Step::kRows, kPointBlocks = kTilePoints / Step::kColumns;
    const int blocks = (features + kRows - 1) / kRows * kPointBlocks;
    for (int b = warp; b < blocks; b += kWarps) use(b / kPointBlocks * kRows, b % kPointBlocks * Step::kColumns);
  }

  template <class Store, class... More>
  RESIDUA_HD void affine_by_warp(int warp, int l, const Store& store, Summand first, More... more) const {
    using Product = WarpProduct<Arithmetic, kRowBlocks, K>;
    const int fan_in = shape_.fan_in(l), fan_out = shape_.fan_out(l);
    const S* bias = first.weights + fan_in * fan_out;
    for_blocks<typename Product::Step>(warp, fan_out, [&](int feature, int point) {
      Product product;
      add_by_warp(product, feature, point, fan_in, fan_out, first.weights, first.panel);
      (add_by_warp(product, feature, point, fan_in, fan_out, more.weights, more.panel), ...);
      product.for_entries([&](int row, int p, S(&z)[K]) {
        if (feature + row >= fan_out) return;
        z[0] += bias[feature + row];
        store(feature + row, point + p, z);
      });
    });
  }

  template <class Product>
  RESIDUA_HD static void add_by_warp(Product& product, int feature, int point, int fan_in, int fan_out, const S* w,
                                     const S* a) {
    product.add(
        fan_in,
        [&](int row, int i) { return feature + row < fan_out && i < fan_in ? w[(feature + row) * fan_in + i] : S(0); },
        [&](int i, int channel, int p) {
          return i < fan_in ? a[i * kStride + channel * kTilePoints + point + p] : S(0);
        });
  }

  RESIDUA_HD void backward_by_warp(int warp, int l) const {
    using Product = WarpProduct<Arithmetic, kRowBlocks, K>;
    const int fan_in = shape_.fan_in(l), fan_out = shape_.fan_out(l);
    const S *w = weights(l), *z_bar = output_panel(l);
    for_blocks<typename Product::Step>(warp, fan_in, [&](int feature, int point) {
      Product product;
      product.add(
          fan_out,
          [&](int row, int o) { return feature + row < fan_in && o < fan_out ? w[o * fan_in + feature + row] : S(0); },
          [&](int o, int channel, int p) {
            return o < fan_out ? z_bar[o * kStride + channel * kTilePoints + point + p] : S(0);
          });
      product.for_entries([&](int row, int p, S(&a_bar)[K]) {
        if (feature + row < fan_in) store_adjoint(l, feature + row, point + p, a_bar);
      });
    });
  }

  /// gradient[o][i] += sum over channels and points of z_bar[o] a[i].
  RESIDUA_HD void add_weights_by_warp(int warp, int l) const {
    constexpr int kColumnBlocks = 4;
    using Product = WarpProduct<Arithmetic, 1, kColumnBlocks>;
    using Step = typename Product::Step;
    constexpr int kRows = Step::kRows, kEntries = kColumnBlocks * Step::kColumns;
    const int fan_in = shape_.fan_in(l), fan_out = shape_.fan_out(l);
    const S *z_bar = output_panel(l), *a = input_panel(l);
    S* gradient = store_.gradient + shape_.offset(l);
    const int across = (fan_in + kEntries - 1) / kEntries, down = (fan_out + kRows - 1) / kRows;
    for (int b = warp; b < across * down; b += kWarps) {
      const int o = b / across * kRows, i = b % across * kEntries;
      Product product;
      product.add(
          kColumns, [&](int row, int c) { return o + row < fan_out ? z_bar[(o + row) * kStride + c] : S(0); },
          [&](int c, int block, int column) {
            const int feature = i + block * Step::kColumns + column;
            return feature < fan_in ? a[feature * kStride + c] : S(0);
          });
      product.for_entries([&](int row, int column, const S(&sums)[kColumnBlocks]) {
        for (int block = 0; block < kColumnBlocks; ++block) {
          const int feature = i + block * Step::kColumns + column;
          if (o + row < fan_out && feature < fan_in) gradient[(o + row) * fan_in + feature] += sums[block];
        }
      });
    }
  }
};

}  // namespace residua::cuda
