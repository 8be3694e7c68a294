#pragma once
#include <cstddef>

#include "kernels/core/pack.hpp"

namespace residua::inline RESIDUA_ISA {

// Matrix products on rows of features, features in the lanes. Every matrix is row-major with a stride between rows;
// columns come in whole packs, padded with zeros. What has a definition in dense.cpp is compiled once for all physics.

/// Packs of columns in a panel, the part of a matrix that a product reads at a time.
inline constexpr int kPanelPacks = 2;

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

/// The order in which `product` reads a matrix of `inner` rows: panels of kPanelPacks packs of columns (the last one
/// may be narrower), each [inner][packs]. `at(row, column)` gives the elements. Returns the end of what it wrote.
template <class S, class At>
S* pack_panels(S* to, int inner, int columns, At&& at) {
  constexpr int lanes = Pack<S>::kLanes;
  for (int first = 0; first < padded<S>(columns);) {
    const int left = padded<S>(columns) - first, width = left < kPanelPacks * lanes ? left : kPanelPacks * lanes;
    for (int i = 0; i < inner; ++i)
      for (int c = first; c < first + width; ++c) *to++ = c < columns ? at(i, c) : S(0);
    first += width;
  }
  return to;
}

/// c[rows][packs] = a[rows][inner] * panel[inner][packs], for one or kPanelPacks packs of columns.
template <class S>
void panel_product(const S* a, std::ptrdiff_t a_stride, int rows, int inner, const S* panel, int packs, S* c,
                   std::ptrdiff_t c_stride);

/// c[rows][columns] = a[rows][inner] * panels. After each panel: epilogue(first column, packs), while the panel's part
/// of c is in the cache.
template <class S, class Epilogue>
void product(const S* a, std::ptrdiff_t a_stride, int rows, int inner, const S* panels, int columns, S* c,
             std::ptrdiff_t c_stride, Epilogue&& epilogue) {
  constexpr int lanes = Pack<S>::kLanes;
  for (int first = 0; first < columns;) {
    const int packs = padded<S>(columns) - first >= kPanelPacks * lanes ? kPanelPacks : 1;
    panel_product(a, a_stride, rows, inner, panels, packs, c + first, c_stride);
    epilogue(first, packs);
    panels += std::ptrdiff_t(inner) * packs * lanes;
    first += packs * lanes;
  }
}

/// c[rows][columns] = a[rows][inner] * w, with `inner` in the lanes: for a few columns. w is [columns][padded inner].
template <class S>
void scalar_products(const S* a, std::ptrdiff_t a_stride, int rows, int inner, const S* w, int columns, S* c);

/// g[left_columns][right_columns] += left[rows][left_columns]^T * right[rows][right_columns].
template <class S>
void rank_update(const S* left, std::ptrdiff_t left_stride, int left_columns, const S* right,
                 std::ptrdiff_t right_stride, int right_columns, int rows, S* g, std::ptrdiff_t g_stride);

}  // namespace residua::inline RESIDUA_ISA
