// Compiled once per instruction set.
#include "kernels/dense_blocks.hpp"
#include "kernels/term_kernel.hpp"

namespace residua::RESIDUA_ISA {
namespace {

/// Three packs wide, so that a block needs few loads: kRows broadcasts and three packs for 3 kRows sums.
constexpr int kPacks = 3, kWidth = kPacks * Pack<double>::kLanes;
constexpr int kRows = kVectorRegisters == 32 ? 8 : kWidth % 4 == 0 ? 4 : 3;
static_assert(kWidth % kRows == 0);
constexpr int kChunk = 128;  ///< rows at a time, so that a panel stays in the first-level cache

void add(const double* panels, int rows, std::int64_t first, std::int64_t last, double* c, std::ptrdiff_t stride) {
  std::int64_t column = 0;
  while ((column + 1) * (column + 2) / 2 <= first) ++column;
  std::int64_t row = first - column * (column + 1) / 2;
  for (std::int64_t pair = first; pair < last; ++pair) {
    const double *left = panels + row * rows * kWidth, *right = panels + column * rows * kWidth;
    double* block = c + row * kWidth * stride + column * kWidth;
    for (int n = 0; n < rows; n += kChunk)
      for (int r = 0; r < kWidth; r += kRows)
        update_block<kRows, kPacks>(left + n * kWidth + r, kWidth, right + n * kWidth, kWidth,
                                    rows - n < kChunk ? rows - n : kChunk, block + r * stride, stride);
    if (++row > column) {
      row = 0;
      ++column;
    }
  }
}

}  // namespace

GramKernel gram_kernel() { return {kWidth, add}; }

}  // namespace residua::RESIDUA_ISA
