#pragma once
#include <cstdint>

#include "kernels/cuda/warp_product.hpp"

namespace residua::cuda {

/// sums += A^T A, upper triangle, for rows A [rows][columns]. The rest of `sums` is left as it is.
struct GramArgs {
  const double* rows = nullptr;  ///< [count][stride]
  std::int64_t count = 0, stride = 0, columns = 0;
  double* sums = nullptr;  ///< [columns][columns]
};

/// One block's share of that: a square of `sums`, which no other block touches, over all rows. The rows come through
/// shared memory some at a time; each warp keeps a rectangle of the square in its registers.
class GramTile {
 public:
  static constexpr int kSide = 64;   ///< columns of the square
  static constexpr int kDepth = 32;  ///< rows at a time

  /// Rows of A as they lie in shared memory: the 4 rows of 4 columns that half a warp reads at once fill the banks.
  struct Slab {
    static constexpr int kStride = kSide + 4;
    double at[kDepth * kStride];
  };
  /// Shared memory of a block.
  struct Storage {
    Slab left, right;
  };

  /// Squares of the upper triangle, counted column by column: how many, and where one lies.
  RESIDUA_HD static constexpr std::int64_t blocks(std::int64_t columns) {
    const std::int64_t across = (columns + kSide - 1) / kSide;
    return across * (across + 1) / 2;
  }
  RESIDUA_HD GramTile(const GramArgs& args, Storage& storage, std::int64_t index) : args_(args), storage_(storage) {
    std::int64_t across = 0;
    while ((across + 1) * (across + 2) / 2 <= index) ++across;
    column_ = across * kSide;
    row_ = (index - across * (across + 1) / 2) * kSide;
  }

  template <class Block>
  RESIDUA_HD void run(const Block& block) const {
    HeldBy<Product, kWarps> product;
    for (std::int64_t first = 0; first < args_.count; first += kDepth) {
      block.run([&](int thread) {
        load(thread, first, row_, storage_.left);
        load(thread, first, column_, storage_.right);
      });
      block.run_warps([&](int warp) { multiply(warp, product.at(warp)); });
    }
    block.run_warps([&](int warp) { add(warp, product.at(warp)); });
  }

 private:
  static constexpr int kRowBlocks = 4, kColumnBlocks = 2;
  using Product = WarpProduct<WholeDoubles, kRowBlocks, kColumnBlocks>;
  static constexpr int kRows = kRowBlocks * Product::Step::kRows, kColumns = kColumnBlocks * Product::Step::kColumns;
  static constexpr int kAcross = kSide / kColumns;
  static_assert(kSide / kRows * kAcross == kWarps && kDepth % Product::Step::kDepth == 0);

  const GramArgs& args_;
  Storage& storage_;
  std::int64_t row_, column_;  ///< of the square in `sums`

  /// Columns column, ..., column + kSide - 1 of kDepth rows; zeros where there is nothing.
  RESIDUA_HD void load(int thread, std::int64_t first, std::int64_t column, Slab& slab) const {
    const int c = thread % kSide;
    for (int d = thread / kSide; d < kDepth; d += kThreads / kSide) {
      const bool there = first + d < args_.count && column + c < args_.columns;
      slab.at[d * Slab::kStride + c] = there ? args_.rows[(first + d) * args_.stride + column + c] : 0;
    }
  }

  // Where the rectangle of a warp begins in the square.
  RESIDUA_HD static constexpr int first_row(int warp) { return warp / kAcross * kRows; }
  RESIDUA_HD static constexpr int first_column(int warp) { return warp % kAcross * kColumns; }

  RESIDUA_HD void multiply(int warp, Product& product) const {
    const double *left = storage_.left.at + first_row(warp), *right = storage_.right.at + first_column(warp);
    product.add(
        kDepth, [&](int row, int d) { return left[d * Slab::kStride + row]; },
        [&](int d, int block, int column) {
          return right[d * Slab::kStride + block * Product::Step::kColumns + column];
        });
  }

  RESIDUA_HD void add(int warp, const Product& product) const {
    product.for_entries([&](int r, int c, const double(&values)[kColumnBlocks]) {
      const std::int64_t i = row_ + first_row(warp) + r;
      for (int block = 0; block < kColumnBlocks; ++block) {
        const std::int64_t j = column_ + first_column(warp) + block * Product::Step::kColumns + c;
        if (i <= j && j < args_.columns) args_.sums[i * args_.columns + j] += values[block];
      }
    });
  }
};

}  // namespace residua::cuda
