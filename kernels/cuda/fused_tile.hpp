#pragma once
#include <algorithm>
#include <cstddef>
#include <type_traits>

#include "kernels/cuda/block.hpp"
#include "kernels/cuda/warp_product.hpp"
#include "kernels/fused.hpp"
#include "kernels/head.hpp"
#include "kernels/mlp.hpp"

namespace residua::cuda {

/// Points of a tile: one lane each, so that rows over points are read without bank conflicts.
inline constexpr int kTilePoints = kLanes;
/// Blocks of a grid, two for each multiprocessor of an H100 or H200. Fixed, so that sums do not depend on the device.
inline constexpr int kMaxBlocks = 264;

/// A row of a panel: channels times points, and 16 bytes more, so that the rows that a warp reads together in a weight
/// gradient start in different banks.
template <class S>
constexpr int panel_stride(int channels) {
  return channels * kTilePoints + 16 / int(sizeof(S));
}

/// Where the blocks of one call keep what: decided on the host, once.
///
///   loss      [blocks][equations] double    sums of a block
///   gradient  [blocks][parameters]          sums of a block
///   tape      [blocks][inputs + depth * width][channels][points]   network inputs and pre-activations of the tile,
///             then [curved][points]: coefficients of the collapsed channel
///   panels    [blocks][2][rows][stride]     here only if they do not fit into shared memory
///
/// Shared memory of a block: loss of the tile [equations][points] double, then the panels if they fit.
struct FusedPlan {
  int blocks = 0;
  std::int64_t parameters = 0;
  std::size_t panel = 0, tape = 0, leaves_at = 0;                      ///< elements of a block's panel and tape
  std::size_t gradient_at = 0, tape_at = 0, panels_at = 0, bytes = 0;  ///< of the workspace
  std::size_t shared_panels_at = 0, shared_bytes = 0;
  bool panels_shared = false;

  template <class S>
  static FusedPlan of(const MlpShape& shape, const Propagation& propagation, int equations, std::int64_t n,
                      bool gradient, std::size_t shared_limit, int max_blocks = kMaxBlocks) {
    const int channels = propagation.count();
    const auto aligned = [](std::size_t bytes) { return (bytes + 255) / 256 * 256; };
    FusedPlan plan;
    plan.blocks = int(std::min<std::int64_t>((n + kTilePoints - 1) / kTilePoints, max_blocks));
    plan.parameters = gradient ? shape.parameters() : 0;
    plan.panel =
        std::size_t(std::max({shape.inputs, shape.width, shape.outputs})) * std::size_t(panel_stride<S>(channels));
    plan.leaves_at =
        gradient ? std::size_t(shape.inputs + shape.depth * shape.width) * std::size_t(channels * kTilePoints) : 0;
    plan.tape = plan.leaves_at + std::size_t(propagation.curved * kTilePoints);

    plan.shared_panels_at = aligned(std::size_t(equations * kTilePoints) * sizeof(double));
    const std::size_t with_panels = plan.shared_panels_at + 2 * plan.panel * sizeof(S);
    plan.panels_shared = with_panels <= shared_limit;
    plan.shared_bytes = plan.panels_shared ? with_panels : plan.shared_panels_at;

    const std::size_t blocks = std::size_t(plan.blocks);
    plan.gradient_at = aligned(blocks * std::size_t(equations) * sizeof(double));
    plan.tape_at = plan.gradient_at + aligned(blocks * std::size_t(plan.parameters) * sizeof(S));
    plan.panels_at = plan.tape_at + aligned(blocks * plan.tape * sizeof(S));
    plan.bytes = plan.panels_at + (plan.panels_shared ? 0 : aligned(blocks * 2 * plan.panel * sizeof(S)));
    return plan;
  }
};

/// What the kernel is called with. All pointers are the device's (the host's, for the twin).
template <class S>
struct FusedArgs {
  Network<S> network;
  Points<S> points;
  FusedWeights<S> weights;
  S* residual = nullptr;
  FusedPlan plan;
  unsigned char* workspace = nullptr;
};

/// The storage of one block.
template <class S>
struct BlockStorage {
  double* loss;       ///< [equations]
  S* gradient;        ///< [parameters]
  S* tape;            ///< [inputs + depth * width][channels][points]
  double* tile_loss;  ///< [equations][points]
  S* panel[2];        ///< [rows][stride]

  RESIDUA_HD static BlockStorage of(const FusedArgs<S>& args, int equations, int block, unsigned char* shared) {
    const FusedPlan& plan = args.plan;
    const std::size_t b = std::size_t(block);
    S* panels = plan.panels_shared ? reinterpret_cast<S*>(shared + plan.shared_panels_at)
                                   : reinterpret_cast<S*>(args.workspace + plan.panels_at) + 2 * b * plan.panel;
    return {reinterpret_cast<double*>(args.workspace) + b * std::size_t(equations),
            reinterpret_cast<S*>(args.workspace + plan.gradient_at) + b * std::size_t(plan.parameters),
            reinterpret_cast<S*>(args.workspace + plan.tape_at) + b * plan.tape,
            reinterpret_cast<double*>(shared),
            {panels, panels + plan.panel}};
  }
};

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

/// One block's share of the fused pass: every `blocks`-th tile of points through features -> layers on jets -> residual
/// -> weighted square and, with kGradient, back through the layers. Leaves its sums of loss and gradient in its
/// storage.
///
/// A panel holds one layer of the tile as rows [feature][channel][point]. Two of them alternate; what the way back
/// needs goes to the tape.
template <class Ph, class Term, class S, bool kGradient, class Arithmetic = PerThread>
class FusedTile {
 public:
  using PointHead = FusedHead<Ph, Term, S>;
  static constexpr Propagation kPropagation = PointHead::kPropagation;
  static constexpr int kEquations = PointHead::kEquations;

  RESIDUA_HD FusedTile(const FusedArgs<S>& args, const BlockStorage<S>& store)
      : args_(args), store_(store), shape_(args.network.shape) {}

  template <class Block>
  RESIDUA_HD void run(const Block& block, int index) {
    block.run([&](int thread) {
      for (std::int64_t k = thread; k < args_.plan.parameters; k += kThreads) store_.gradient[k] = 0;
      if (thread < kEquations) store_.loss[thread] = 0;
    });
    const std::int64_t stride = std::int64_t(args_.plan.blocks) * kTilePoints;
    for (first_ = std::int64_t(index) * kTilePoints; first_ < args_.points.n; first_ += stride) {
      block.run([&](int thread) { inputs(thread); });
      for (int l = 0; l <= shape_.depth; ++l) forward(block, l);
      block.run([&](int thread) { residual(thread); });
      block.run([&](int thread) { add_loss(thread); });
      if constexpr (kGradient) {
        for (int l = shape_.depth; l >= 0; --l) {
          // The inputs of the last layer are still in their panel.
          if (l < shape_.depth) block.run([&](int thread) { restore(thread, l); });
          add_gradient(block, l);
          if (l > 0) backward(block, l);
        }
      }
    }
  }

 private:
  static constexpr int K = PointHead::K, kCurved = PointHead::kCurved;
  static constexpr int kColumns = K * kTilePoints;
  static constexpr int kStride = panel_stride<S>(K);
  static constexpr int kGroups = kThreads / kTilePoints;
  /// Features a thread computes together: as many as its registers hold jets.
  static constexpr int kBlocking = K <= 6 ? 8 : K <= 12 ? 4 : 2;

  const FusedArgs<S>& args_;
  const BlockStorage<S>& store_;
  const MlpShape& shape_;
  std::int64_t first_ = 0;  ///< point of the tile

  RESIDUA_HD std::int64_t point(int thread) const { return first_ + thread; }
  /// The point, or the last one for the lanes of the last tile beyond it.
  RESIDUA_HD std::int64_t clamped(int thread) const {
    return point(thread) < args_.points.n ? point(thread) : args_.points.n - 1;
  }
  /// The panel that layer l reads; it writes the other one.
  RESIDUA_HD S* input_panel(int l) const { return store_.panel[l % 2]; }
  RESIDUA_HD S* output_panel(int l) const { return store_.panel[(l + 1) % 2]; }
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
        if constexpr (kGradient) taped_input(f)[column] = in[f][k];
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
    if constexpr (!std::is_same_v<Arithmetic, PerThread>)
      if (by_warps(l)) return block.run_warps([&](int warp) { forward_by_warp(warp, l); });
    block.run([&](int thread) { forward_by_thread(thread, l); });
  }
  template <class Block>
  RESIDUA_HD void backward(const Block& block, int l) const {
    if constexpr (!std::is_same_v<Arithmetic, PerThread>)
      if (by_warps(l)) return block.run_warps([&](int warp) { backward_by_warp(warp, l); });
    block.run([&](int thread) { backward_by_thread(thread, l); });
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

  RESIDUA_HD void forward_by_thread(int thread, int l) const {
    if (shape_.fan_out(l) <= kGroups)
      forward_by<1>(thread, l);
    else
      forward_by<kBlocking>(thread, l);
  }

  /// z = W a + bias, and a = activation(z) but for the last layer: a thread takes one point and Out features at a time.
  template <int Out>
  RESIDUA_HD void forward_by(int thread, int l) const {
    const int lane = thread % kTilePoints, group = thread / kTilePoints;
    const int fan_in = shape_.fan_in(l), fan_out = shape_.fan_out(l);
    const S *w = weights(l), *bias = w + fan_in * fan_out;
    for (int o = group * Out; o < fan_out; o += kGroups * Out) {
      const S* row[Out];
      S z[Out][K]{};
      for (int r = 0; r < Out; ++r) {
        const int feature = o + r < fan_out ? o + r : fan_out - 1;
        row[r] = w + feature * fan_in;
        z[r][0] = bias[feature];
      }
      const S* a = input_panel(l) + lane;
      for (int i = 0; i < fan_in; ++i, a += kStride)
        for (int r = 0; r < Out; ++r) {
          const S weight = row[r][i];
          for (int k = 0; k < K; ++k) z[r][k] += weight * a[k * kTilePoints];
        }
      for (int r = 0; r < Out; ++r)
        if (o + r < fan_out) store_layer(l, o + r, lane, z[r]);
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
      if constexpr (kGradient) taped(l, feature)[k * kTilePoints + lane] = z[k];
    }
  }

  /// Network outputs -> rows of the term, its loss and, in the place of the outputs, their adjoints.
  RESIDUA_HD void residual(int thread) const {
    if (thread >= kTilePoints) return;
    const bool inside = point(thread) < args_.points.n;
    const std::int64_t i = clamped(thread);
    const PointHead at = head(i);
    S* out = output_panel(shape_.depth) + thread;
    typename PointHead::Net net, slope[kEquations];
    for (int f = 0; f < Ph::kFields; ++f)
      for (int k = 0; k < K; ++k) net[f][k] = out[f * kStride + k * kTilePoints];

    S r[kEquations];
    if constexpr (kGradient)
      at.linearise(net, r, slope);
    else
      at.residual(net, r);
    const S weight = !inside ? S(0) : args_.weights.point ? args_.weights.point[i] : S(1);
    S r_bar[kEquations];
    for (int e = 0; e < kEquations; ++e) {
      if (args_.weights.target) r[e] -= args_.weights.target[e * args_.points.n + i];
      if (inside && args_.residual) args_.residual[e * args_.points.n + i] = r[e];
      store_.tile_loss[e * kTilePoints + thread] = double(weight) * double(r[e]) * double(r[e]);
      r_bar[e] = 2 * (args_.weights.equation ? args_.weights.equation[e] : S(1)) * weight * r[e];
    }
    if constexpr (kGradient) {
      for (int f = 0; f < Ph::kFields; ++f)
        for (int k = 0; k < K; ++k) {
          S bar = 0;
          for (int e = 0; e < kEquations; ++e) bar += r_bar[e] * slope[e][f][k];
          out[f * kStride + k * kTilePoints] = bar;
        }
    }
  }

  RESIDUA_HD void add_loss(int thread) const {
    if (thread >= kEquations) return;
    double sum = 0;
    for (int p = 0; p < kTilePoints; ++p) sum += store_.tile_loss[thread * kTilePoints + p];
    store_.loss[thread] += sum;
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
    if (fan_out > 16 && fan_in > 16)
      add_outer_products<4, 4>(thread, z_bar, a, kColumns, kStride, fan_out, fan_in, gradient);
    else if (fan_out > 16)
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
      for (int r = 0; r < In; ++r) {
        if (i + r >= fan_in) break;
        store_adjoint(l, i + r, lane, a_bar[r]);
      }
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

  RESIDUA_HD void forward_by_warp(int warp, int l) const {
    using Product = WarpProduct<Arithmetic, kRowBlocks, K>;
    const int fan_in = shape_.fan_in(l), fan_out = shape_.fan_out(l);
    const S *w = weights(l), *bias = w + fan_in * fan_out, *a = input_panel(l);
    for_blocks<typename Product::Step>(warp, fan_out, [&](int feature, int point) {
      Product product;
      product.add(
          fan_in,
          [&](int row, int i) {
            return feature + row < fan_out && i < fan_in ? w[(feature + row) * fan_in + i] : S(0);
          },
          [&](int i, int channel, int p) {
            return i < fan_in ? a[i * kStride + channel * kTilePoints + point + p] : S(0);
          });
      product.for_entries([&](int row, int p, S(&z)[K]) {
        if (feature + row >= fan_out) return;
        z[0] += bias[feature + row];
        store_layer(l, feature + row, point + p, z);
      });
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

/// out[c] = sum of `rows` partial sums [rows][columns], in an order that depends on `rows` only. A block takes kLanes
/// columns; `storage` holds kThreads doubles.
template <class S, class Out, class Block>
RESIDUA_HD void sum_partials(const Block& block, std::int64_t index, const S* partial, int rows, std::int64_t columns,
                             Out* out, double* storage) {
  constexpr int slices = kThreads / kLanes;
  block.run([&](int thread) {
    const std::int64_t c = index * kLanes + thread % kLanes;
    double sum = 0;
    if (c < columns)
      for (int r = thread / kLanes; r < rows; r += slices) sum += double(partial[r * columns + c]);
    storage[thread] = sum;
  });
  block.run([&](int thread) {
    const std::int64_t c = index * kLanes + thread;
    if (thread >= kLanes || c >= columns) return;
    double sum = 0;
    for (int s = 0; s < slices; ++s) sum += storage[s * kLanes + thread];
    out[c] = Out(sum);
  });
}

}  // namespace residua::cuda
