#pragma once
#include "kernels/core/unroll.hpp"
#include "kernels/cuda/warp_product.hpp"
#include "kernels/cuda/wgmma.hpp"

namespace residua::cuda {

/// A matrix product of floats by the warp groups of a block, in two TF32 halves each as SplitTf32 has them. It has 32
/// lines of kValues rows each, so that a thread holds all rows of a line (the channels of a point, say), and kColumns
/// columns, which the groups share out. The right operand is staged in shared memory, so much of its depth at a time,
/// where its halves are taken once for both groups.
///
/// The tensor cores cut off what does not fit into a sum. So only the products of kSteps steps are added up inside of
/// them, the small ones of the halves first, and their sums outside, where errors of rounding cancel.
template <int kValues, template <int> class Step = GroupStep>
class GroupProduct {
  static constexpr int kTiles = (kValues + 1) / 2;
  static constexpr int kGroupColumns = kTiles <= 2 ? 32 : kTiles <= 4 ? 16 : 8;  // what registers hold the sums of
  static constexpr int kSteps = kTiles <= 1 ? 2 : 1;
  using Of = Step<kGroupColumns>;
  static constexpr int kRound = kSteps * Of::kDepth;
  static constexpr int kStage = 32;  // depth

 public:
  static constexpr int kColumns = kWarpGroups * kGroupColumns;
  /// Shared memory that add() needs.
  static constexpr std::size_t kStagedBytes = 2 * kColumns * kStage * sizeof(float);

  /// Adds left(line, value, d) * right(d, column) for d < depth. Both are asked for d up to the next multiple of 32 and
  /// have to answer zero where there is nothing.
  template <class Block, class Left, class Right>
  RESIDUA_HD void add(const Block& block, float* staged, int depth, Left&& left, Right&& right) {
    for (int first = 0; first < depth; first += kStage) {
      block.run([&](int thread) { stage(thread, staged, first, right); });
      block.run_groups([&](int group) {
#ifdef __CUDA_ARCH__
#pragma unroll 1  // two rounds at a time would take the registers of all else
#endif
        for (int d = 0; d < kStage && first + d < depth; d += kRound) multiply(group, staged, first, d, left);
      });
    }
  }

  /// use(line, column, values) for all entries.
  template <class Block, class Use>
  RESIDUA_HD void for_entries(const Block& block, Use&& use) const {
    constexpr int kEntries = kGroupColumns / 4;
    block.run_groups([&](int group) {
      const Sums& sums = sums_.at(group);
      for_lanes<kGroupThreads>([&](int thread) {
        // A copy for the loop below to run over: what is only ever indexed by constants stays in registers.
        float values[kEntries][kValues];
        unroll<Of::kC>([&](auto k) {
          constexpr int entry = k / 4 * 2 + k % 2, half = Of::c_half(k);
          unroll<kTiles>([&](auto tile) {
            if constexpr (2 * tile + half < kValues) values[entry][2 * tile + half] = sums.tile[tile].at(thread, k);
          });
        });
#ifdef __CUDA_ARCH__
#pragma unroll 1  // an activation is long
#endif
        for (int entry = 0; entry < kEntries; ++entry)
          use(Of::line(thread), group * kGroupColumns + Of::c_column(thread, entry / 2 * 4 + entry % 2), values[entry]);
      });
    });
  }

 private:
  static constexpr int kHalf = kColumns * kStage;  // floats
  struct Sums {
    typename Of::C tile[kTiles];
  };

  /// Upper halves, and behind them the lower ones.
  RESIDUA_HD static SharedOperand operand(const float* staged, int half, int group, int d) {
    constexpr int kNextDepth = kColumns / SharedOperand::kPieceColumns * SharedOperand::kPieceBytes;
    SharedOperand part{staged + half * kHalf, kNextDepth, SharedOperand::kPieceBytes};
    part.start += part.offset(d, group * kGroupColumns);
    return part;
  }

  template <class Right>
  RESIDUA_HD static void stage(int thread, float* staged, int first, Right&& right) {
    struct alignas(16) Quad {
      float v[SharedOperand::kPieceDepth];
    };
    const SharedOperand at = operand(staged, 0, 0, 0);
    for (int quad = thread; quad < kColumns * kStage / SharedOperand::kPieceDepth; quad += kThreads) {
      const int column = quad % kColumns, d = quad / kColumns * SharedOperand::kPieceDepth;
      Quad high, low;
      for (int k = 0; k < SharedOperand::kPieceDepth; ++k) {
        const float value = right(first + d + k, column);
        high.v[k] = to_tf32(value);
        low.v[k] = to_tf32(value - high.v[k]);
      }
      *reinterpret_cast<Quad*>(staged + at.offset(d, column)) = high;
      *reinterpret_cast<Quad*>(staged + kHalf + at.offset(d, column)) = low;
    }
    Of::publish();
  }

  /// One round: what is staged from depth d on, whose left operands lie at first + d.
  template <class Left>
  RESIDUA_HD void multiply(int group, const float* staged, int first, int d, Left&& left) {
    typename Of::A high[kSteps][kTiles], low[kSteps][kTiles];
    for_lanes<kGroupThreads>([&](int thread) {
      unroll<kSteps>([&](auto step) {
        unroll<kTiles>([&](auto tile) {
          constexpr int first_value = 2 * tile;
          unroll<Of::kA>([&](auto k) {
            constexpr int value = first_value + Of::a_half(k);
            float x = 0;
            if constexpr (value < kValues)
              x = left(Of::line(thread), value, first + d + step * Of::kDepth + Of::a_depth(thread, k));
            high[step][tile].at(thread, k) = to_tf32(x);
            low[step][tile].at(thread, k) = to_tf32(x - high[step][tile].at(thread, k));
          });
        });
      });
    });
    Sums sums;
    Of::begin();
    unroll<kTiles>([&](auto tile) {
      unroll<kSteps>([&](auto step) {
        const int at = d + step * Of::kDepth;
        Of::multiply(sums.tile[tile], low[step][tile], operand(staged, 0, group, at), step > 0);
        Of::multiply(sums.tile[tile], high[step][tile], operand(staged, 1, group, at), true);
      });
      unroll<kSteps>([&](auto step) {
        Of::multiply(sums.tile[tile], high[step][tile], operand(staged, 0, group, d + step * Of::kDepth), true);
      });
    });
    Of::finish();
    for_lanes<kGroupThreads>([&](int thread) {
      unroll<kTiles>([&](auto tile) {
        unroll<Of::kC>([&](auto k) { sums_.at(group).tile[tile].at(thread, k) += sums.tile[tile].at(thread, k); });
      });
    });
  }

  HeldBy<Sums, kWarpGroups> sums_;
};

}  // namespace residua::cuda
