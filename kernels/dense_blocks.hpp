#pragma once
#include <cstddef>

#include "kernels/core/pack.hpp"

namespace residua::inline RESIDUA_ISA {

/// Rows of a register block: with kPanelPacks packs of columns, a pack of each column in hand, and a broadcast on its
/// way, the sums fill the register file.
inline constexpr int kBlockRows = kVectorRegisters == 32 ? 12 : 6;

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

}  // namespace residua::inline RESIDUA_ISA
