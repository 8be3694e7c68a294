#pragma once
#include <algorithm>
#include <cstddef>

#include "kernels/cuda/block.hpp"
#include "kernels/fused.hpp"
#include "kernels/propagation.hpp"

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

/// What a pass over tiles of points is for, which decides what its blocks keep: rows of the term; their products summed
/// into a gradient of the weights; every row's own gradient; how rows move along a direction of the weights.
enum class Pass { rows, gradient, jacobian, tangent };

/// Where the blocks of one call keep what: decided on the host, once.
///
///   loss      [blocks][equations] double    sums of a block
///   gradient  [blocks][parameters]          sums of a block, of a gradient
///   tape      [blocks][inputs + depth * width][channels][points]   network inputs and pre-activations of the tile, but
///             for rows alone; then [curved][points]: coefficients of the collapsed channel; then, of a Jacobian,
///             [equations][outputs][channels][points]: slopes of the rows
///   panels    [blocks][panels][rows][stride]     here only if they do not fit into shared memory
///
/// Shared memory of a block: loss of the tile [equations][points] double, what a product stages, then the panels if
/// they fit.
struct TilePlan {
  int blocks = 0, panels = 0;
  std::int64_t parameters = 0;
  std::size_t panel = 0, tape = 0, leaves_at = 0, slopes_at = 0;       ///< elements of a block's panel and tape
  std::size_t gradient_at = 0, tape_at = 0, panels_at = 0, bytes = 0;  ///< of the workspace
  std::size_t staged_at = 0, shared_panels_at = 0, shared_bytes = 0;
  bool panels_shared = false;

  template <class S>
  static TilePlan of(const MlpShape& shape, int channels, int curved, int equations, std::int64_t n, Pass pass,
                     std::size_t shared_limit, int max_blocks = kMaxBlocks, std::size_t staged_bytes = 0) {
    const auto aligned = [](std::size_t bytes) { return (bytes + 255) / 256 * 256; };
    TilePlan plan;
    plan.blocks = int(std::min<std::int64_t>((n + kTilePoints - 1) / kTilePoints, max_blocks));
    plan.panels = pass == Pass::tangent ? 4 : 2;
    plan.parameters = pass == Pass::gradient ? shape.parameters() : 0;
    plan.panel =
        std::size_t(std::max({shape.inputs, shape.width, shape.outputs})) * std::size_t(panel_stride<S>(channels));
    const int taped = pass == Pass::rows ? 0 : shape.inputs + shape.depth * shape.width;
    const int slopes = pass == Pass::jacobian ? equations * shape.outputs : 0;
    plan.leaves_at = std::size_t(taped) * std::size_t(channels * kTilePoints);
    plan.slopes_at = plan.leaves_at + std::size_t(curved * kTilePoints);
    plan.tape = plan.slopes_at + std::size_t(slopes * channels * kTilePoints);

    plan.staged_at = aligned(std::size_t(equations * kTilePoints) * sizeof(double));
    plan.shared_panels_at = plan.staged_at + aligned(staged_bytes);
    const std::size_t panels = std::size_t(plan.panels) * plan.panel * sizeof(S);
    plan.panels_shared = plan.shared_panels_at + panels <= shared_limit;
    plan.shared_bytes = plan.shared_panels_at + (plan.panels_shared ? panels : 0);

    const std::size_t blocks = std::size_t(plan.blocks);
    plan.gradient_at = aligned(blocks * std::size_t(equations) * sizeof(double));
    plan.tape_at = plan.gradient_at + aligned(blocks * std::size_t(plan.parameters) * sizeof(S));
    plan.panels_at = plan.tape_at + aligned(blocks * plan.tape * sizeof(S));
    plan.bytes = plan.panels_at + (plan.panels_shared ? 0 : aligned(blocks * panels));
    return plan;
  }
};

/// Points first, ..., last - 1.
struct PointRange {
  std::int64_t first = 0, last = 0;
};

/// What every pass is called with. All pointers are the device's (the host's, for the twin).
template <class S>
struct TileArgs {
  using Scalar = S;
  Network<S> network;
  Points<S> points;
  FusedWeights<S> weights;
  TilePlan plan;
  unsigned char* workspace = nullptr;

  /// The points that the pass goes over.
  RESIDUA_HD PointRange range() const { return {0, points.n}; }
};

/// The storage of one block.
template <class S>
struct BlockStorage {
  double* loss;       ///< [equations]
  S* gradient;        ///< [parameters]
  S* tape;            ///< [inputs + depth * width][channels][points]
  double* tile_loss;  ///< [equations][points]
  float* staged;      ///< of a product by warp groups
  S* panel[2];        ///< [rows][stride], further panels behind them

  RESIDUA_HD static BlockStorage of(const TileArgs<S>& args, int equations, int block, unsigned char* shared) {
    const TilePlan& plan = args.plan;
    const std::size_t b = std::size_t(block);
    S* panels = plan.panels_shared
                    ? reinterpret_cast<S*>(shared + plan.shared_panels_at)
                    : reinterpret_cast<S*>(args.workspace + plan.panels_at) + std::size_t(plan.panels) * b * plan.panel;
    return {reinterpret_cast<double*>(args.workspace) + b * std::size_t(equations),
            reinterpret_cast<S*>(args.workspace + plan.gradient_at) + b * std::size_t(plan.parameters),
            reinterpret_cast<S*>(args.workspace + plan.tape_at) + b * plan.tape,
            reinterpret_cast<double*>(shared),
            reinterpret_cast<float*>(shared + plan.staged_at),
            {panels, panels + plan.panel}};
  }
};

}  // namespace residua::cuda
