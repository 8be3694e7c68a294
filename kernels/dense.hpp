#pragma once
#include <cstddef>

#include "kernels/core/pack.hpp"

namespace residua::inline RESIDUA_ISA {

// Matrix products on rows of features, features in the lanes. Every matrix is row-major with a stride between rows;
// columns come in whole packs, padded with zeros. The blocks keep their sums in registers.

/// Rows of a register block, and packs of columns in it: with a pack of each column in hand, and a broadcast on its
/// way, the sums fill the register file.
inline constexpr int kBlockRows = kVectorRegisters == 32 ? 12 : 6;
inline constexpr int kBlockPacks = 2;

template <class S>
constexpr int padded(int columns) {
  constexpr int lanes = Pack<S>::kLanes;
  return (columns + lanes - 1) / lanes * lanes;
}
/// Distance between rows of so many columns: an odd number of cache lines once rows are long, since walking down a
/// column at a power of two would use a few sets of the cache only.
template <class S>
constexpr int row_stride(int columns) {
  constexpr int line = 64 / int(sizeof(S));
  const int lines = (padded<S>(columns) + line - 1) / line;
  return (lines % 4 == 0 ? lines + 1 : lines) * line;
}

namespace detail {

/// c[R][Packs] = a[R][inner] * panel[inner][Packs].
template <int R, int Packs, class S>
void product_block(const S* a, std::ptrdiff_t a_stride, int inner, const S* panel, S* c, std::ptrdiff_t c_stride) {
  using V = Pack<S>;
  V sum[R][Packs]{};
  for (int i = 0; i < inner; ++i, panel += Packs * V::kLanes) {
    V w[Packs];
    for (int p = 0; p < Packs; ++p) w[p] = V::load(panel + p * V::kLanes);
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
      const V x(a[r * a_stride + i]);
#pragma GCC unroll 4
      for (int p = 0; p < Packs; ++p) sum[r][p] = sum[r][p] + x * w[p];
    }
  }
#pragma GCC unroll 16
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 4
    for (int p = 0; p < Packs; ++p) sum[r][p].store(c + r * c_stride + p * V::kLanes);
}

/// g[R][Packs] += left[rows][R]^T * right[rows][Packs].
template <int R, int Packs, class S>
void update_block(const S* left, std::ptrdiff_t left_stride, const S* right, std::ptrdiff_t right_stride, int rows,
                  S* g, std::ptrdiff_t g_stride) {
  using V = Pack<S>;
  V sum[R][Packs]{};
  for (int n = 0; n < rows; ++n, left += left_stride, right += right_stride) {
    V b[Packs];
    for (int p = 0; p < Packs; ++p) b[p] = V::load(right + p * V::kLanes);
#pragma GCC unroll 16
    for (int r = 0; r < R; ++r) {
      const V x(left[r]);
#pragma GCC unroll 4
      for (int p = 0; p < Packs; ++p) sum[r][p] = sum[r][p] + x * b[p];
    }
  }
#pragma GCC unroll 16
  for (int r = 0; r < R; ++r)
#pragma GCC unroll 4
    for (int p = 0; p < Packs; ++p) {
      S* to = g + r * g_stride + p * V::kLanes;
      (V::load(to) + sum[r][p]).store(to);
    }
}

/// f.template operator()<R>(first) for blocks of R rows that cover `rows`: full blocks, then ever smaller ones.
template <int R = kBlockRows, class F>
void in_blocks(int rows, F&& f, int first = 0) {
  for (; first + R <= rows; first += R) f.template operator()<R>(first);
  constexpr int next = R > 8 ? 8 : R > 4 ? 4 : R / 2;
  if constexpr (next > 0)
    if (first < rows) in_blocks<next>(rows, f, first);
}

}  // namespace detail

/// The order in which `product` reads a matrix of `inner` rows: panels of kBlockPacks packs of columns (the last one
/// may be narrower), each [inner][packs]. `at(row, column)` gives the elements. Returns the end of what it wrote.
template <class S, class At>
S* pack_panels(S* to, int inner, int columns, At&& at) {
  constexpr int lanes = Pack<S>::kLanes;
  for (int first = 0; first < padded<S>(columns);) {
    const int left = padded<S>(columns) - first, width = left < kBlockPacks * lanes ? left : kBlockPacks * lanes;
    for (int i = 0; i < inner; ++i)
      for (int c = first; c < first + width; ++c) *to++ = c < columns ? at(i, c) : S(0);
    first += width;
  }
  return to;
}

/// c[rows][columns] = a[rows][inner] * panels. After each panel: epilogue(first column, packs), while the panel's part
/// of c is in the cache.
template <class S, class Epilogue>
void product(const S* a, std::ptrdiff_t a_stride, int rows, int inner, const S* panels, int columns, S* c,
             std::ptrdiff_t c_stride, Epilogue&& epilogue) {
  constexpr int lanes = Pack<S>::kLanes;
  const auto panel = [&]<int Packs>(int first) {
    detail::in_blocks(rows, [&]<int R>(int r) {
      detail::product_block<R, Packs>(a + r * a_stride, a_stride, inner, panels, c + r * c_stride + first, c_stride);
    });
    panels += std::ptrdiff_t(inner) * Packs * lanes;
    epilogue(first, Packs);
  };
  int first = 0;
  for (; first + kBlockPacks * lanes <= padded<S>(columns); first += kBlockPacks * lanes)
    panel.template operator()<kBlockPacks>(first);
  if (first < columns) panel.template operator()<1>(first);
}

/// g[left_columns][right_columns] += left[rows][left_columns]^T * right[rows][right_columns].
template <class S>
void rank_update(const S* left, std::ptrdiff_t left_stride, int left_columns, const S* right,
                 std::ptrdiff_t right_stride, int right_columns, int rows, S* g, std::ptrdiff_t g_stride) {
  constexpr int lanes = Pack<S>::kLanes;
  const auto columns = [&]<int Packs>(int first) {
    detail::in_blocks(left_columns, [&]<int R>(int r) {
      detail::update_block<R, Packs>(left + r, left_stride, right + first, right_stride, rows, g + r * g_stride + first,
                                     g_stride);
    });
  };
  int first = 0;
  for (; first + kBlockPacks * lanes <= padded<S>(right_columns); first += kBlockPacks * lanes)
    columns.template operator()<kBlockPacks>(first);
  if (first < right_columns) columns.template operator()<1>(first);
}

}  // namespace residua::inline RESIDUA_ISA
