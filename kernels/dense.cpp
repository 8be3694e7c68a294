// Compiled once per instruction set.
#include "kernels/dense.hpp"

#include "kernels/dense_blocks.hpp"

namespace residua::inline RESIDUA_ISA {

template <class S>
void panel_product(const S* a, std::ptrdiff_t a_stride, int rows, int inner, const S* panel, int packs, S* c,
                   std::ptrdiff_t c_stride) {
  const auto columns = [&]<int Packs>() {
    in_blocks(rows, [&]<int R>(int r) {
      product_block<R, Packs>(a + r * a_stride, a_stride, inner, panel, c + r * c_stride, c_stride);
    });
  };
  packs == kPanelPacks ? columns.template operator()<kPanelPacks>() : columns.template operator()<1>();
}

template <class S>
void scalar_products(const S* a, std::ptrdiff_t a_stride, int rows, int inner, const S* w, int columns, S* c) {
  using V = Pack<S>;
  constexpr int lanes = V::kLanes;
  for (int first = 0; first < rows; first += lanes)
    for (int o = 0; o < columns; ++o) {
      const S* column = w + o * padded<S>(inner);
      V sum[lanes];
      for (int r = 0; r < lanes; ++r) {
        const S* row = a + (first + r < rows ? first + r : rows - 1) * a_stride;
        sum[r] = V(0);
        for (int i = 0; i < inner; i += lanes) sum[r] = sum[r] + V::load(row + i) * V::load(column + i);
      }
      const V total = lane_sums(sum);
      for (int r = 0; r < lanes && first + r < rows; ++r) c[(first + r) * columns + o] = total[r];
    }
}

template <class S>
void rank_update(const S* left, std::ptrdiff_t left_stride, int left_columns, const S* right,
                 std::ptrdiff_t right_stride, int right_columns, int rows, S* g, std::ptrdiff_t g_stride) {
  constexpr int lanes = Pack<S>::kLanes;
  const auto columns = [&]<int Packs>(int first) {
    in_blocks(left_columns, [&]<int R>(int r) {
      update_block<R, Packs>(left + r, left_stride, right + first, right_stride, rows, g + r * g_stride + first,
                             g_stride);
    });
  };
  int first = 0;
  for (; first + kPanelPacks * lanes <= padded<S>(right_columns); first += kPanelPacks * lanes)
    columns.template operator()<kPanelPacks>(first);
  if (first < right_columns) columns.template operator()<1>(first);
}

template void panel_product(const float*, std::ptrdiff_t, int, int, const float*, int, float*, std::ptrdiff_t);
template void panel_product(const double*, std::ptrdiff_t, int, int, const double*, int, double*, std::ptrdiff_t);
template void scalar_products(const float*, std::ptrdiff_t, int, int, const float*, int, float*);
template void scalar_products(const double*, std::ptrdiff_t, int, int, const double*, int, double*);
template void rank_update(const float*, std::ptrdiff_t, int, const float*, std::ptrdiff_t, int, int, float*,
                          std::ptrdiff_t);
template void rank_update(const double*, std::ptrdiff_t, int, const double*, std::ptrdiff_t, int, int, double*,
                          std::ptrdiff_t);

}  // namespace residua::inline RESIDUA_ISA
