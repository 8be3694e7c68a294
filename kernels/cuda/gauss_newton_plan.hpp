#pragma once
#include <algorithm>

#include "kernels/cuda/tile_plan.hpp"

namespace residua::cuda {

/// Points whose rows of the Jacobian are kept at a time: a tile for each multiprocessor of an H100 or H200, and no more
/// than memory holds for networks whose normal equations it holds as well.
inline constexpr std::int64_t kChunkPoints = 4224;

/// Where the normal equations of one call keep what: the workspace of the tiles, then the rows of a chunk of points,
/// [equations * chunk][stride].
struct NormalPlan {
  TilePlan tiles;
  std::int64_t chunk = 0;   ///< points
  std::int64_t stride = 0;  ///< parameters + 1, rounded up so that rows start where a warp's accesses do
  std::size_t rows_at = 0, bytes = 0;

  static NormalPlan of(const MlpShape& shape, int channels, int curved, int equations, std::int64_t n,
                       std::size_t shared_limit, std::int64_t chunk = kChunkPoints, int max_blocks = kMaxBlocks) {
    constexpr std::int64_t kAlignment = 128 / sizeof(double);
    NormalPlan plan;
    plan.chunk = std::min(n, chunk);
    plan.tiles =
        TilePlan::of<double>(shape, channels, curved, equations, plan.chunk, Pass::jacobian, shared_limit, max_blocks);
    plan.stride = (shape.parameters() + kAlignment) / kAlignment * kAlignment;
    plan.rows_at = plan.tiles.bytes;
    plan.bytes = plan.rows_at + std::size_t(equations * plan.chunk * plan.stride) * sizeof(double);
    return plan;
  }

  /// use(range) for the chunks of n points, in their order.
  template <class Use>
  void for_chunks(std::int64_t n, Use&& use) const {
    for (std::int64_t first = 0; first < n; first += chunk) use(PointRange{first, std::min(first + chunk, n)});
  }
};

}  // namespace residua::cuda
