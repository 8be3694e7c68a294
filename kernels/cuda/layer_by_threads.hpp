#pragma once
#include "kernels/core/unroll.hpp"
#include "kernels/cuda/tile_plan.hpp"

namespace residua::cuda {

// The three products of a layer over a tile of points, on panels [feature][channel][point] of K channels:
//
//   affine      z[o] = sum over i of W[o][i] a[i], of one or several pairs of W and a, plus the biases of the first
//   transposed  a_bar[i] = sum over o of W[o][i] z_bar[o]
//   outer       gradient[o][i] += sum over channels and points of z_bar[o] a[i]
//
// The first two hand each result, with all its channels, to `store(feature, point of the tile, channels)`. Who
// multiplies is a class of its own: each thread for itself (here), or the tensor cores (layer_by_warps.hpp,
// layer_by_groups.hpp). All have the same three functions. What is multiplied is asked for within the phase that needs
// it, which leaves registers to the others.

/// Weights [fan_out][fan_in], with biases behind them, and the panel whose rows they are for.
template <class S>
struct Factors {
  const S* weights;
  const S* panel;
};

/// What a weight gradient is made of, and where it is added up.
template <class S>
struct OuterFactors {
  const S *z_bar, *a;
  S* gradient;
};

/// Each thread adds up products of its own. Without kWide for layers only that are narrow on one side at least, which
/// leaves registers to others who take the wide ones.
template <class S, int K, bool kWide = true>
class LayerByThreads {
  static constexpr int kColumns = K * kTilePoints;
  static constexpr int kStride = panel_stride<S>(K);
  static constexpr int kGroups = kThreads / kTilePoints;
  /// Features a thread computes together: as many as its registers hold jets.
  static constexpr int kBlocking = K <= 6 ? 8 : K <= 12 ? 4 : 2;

 public:
  RESIDUA_HD explicit LayerByThreads(const BlockStorage<S>&) {}

  template <class Block, class Store, class... Of>
  RESIDUA_HD void affine(const Block& block, const MlpShape& shape, int l, const Store& store, const Of&... of) const {
    block.run([&](int thread) {
      if (shape.fan_out(l) <= kGroups)
        affine_of<1>(thread, shape.fan_in(l), shape.fan_out(l), store, of()...);
      else
        affine_of<kBlocking>(thread, shape.fan_in(l), shape.fan_out(l), store, of()...);
    });
  }

  template <class Block, class Store, class Of>
  RESIDUA_HD void transposed(const Block& block, const MlpShape& shape, int l, const Store& store, const Of& of) const {
    block.run([&](int thread) { transposed_of(thread, shape.fan_in(l), shape.fan_out(l), store, of()); });
  }

  template <class Block, class Of>
  RESIDUA_HD void outer(const Block& block, const MlpShape& shape, int l, const Of& of) const {
    block.run([&](int thread) {
      const int fan_in = shape.fan_in(l), fan_out = shape.fan_out(l);
      if constexpr (kWide)
        if (fan_out > kSide && fan_in > kSide) return outer_of<4, 4>(thread, fan_in, fan_out, of());
      if (fan_out > kSide)
        outer_of<4, 1>(thread, fan_in, fan_out, of());
      else
        outer_of<1, 4>(thread, fan_in, fan_out, of());
    });
  }

 private:
  /// use(row, sums of the row) for the first `rows` of them. It goes over a copy: sums that are only ever indexed by
  /// constants stay in registers while they are added up.
  template <int Rows, class Use>
  RESIDUA_HD static void for_rows(const S (&sums)[Rows][K], int rows, Use&& use) {
    S copy[Rows][K];
    unroll<Rows>([&](auto r) { unroll<K>([&](auto k) { copy[r][k] = sums[r][k]; }); });
#ifdef __CUDA_ARCH__
#pragma unroll 1  // an activation is long
#endif
    for (int r = 0; r < Rows && r < rows; ++r) use(r, copy[r]);
  }

  /// A thread takes one point and Out features at a time.
  template <int Out, class Store, class... More>
  RESIDUA_HD static void affine_of(int thread, int fan_in, int fan_out, const Store& store, Factors<S> first,
                                   More... more) {
    const int lane = thread % kTilePoints, group = thread / kTilePoints;
    const S* bias = first.weights + fan_in * fan_out;
    for (int o = group * Out; o < fan_out; o += kGroups * Out) {
      S z[Out][K]{};
      for (int r = 0; r < Out; ++r) z[r][0] = bias[o + r < fan_out ? o + r : fan_out - 1];
      add(lane, o, fan_in, fan_out, first, z);
      (add(lane, o, fan_in, fan_out, more, z), ...);
      for_rows(z, fan_out - o, [&](int r, S(&row)[K]) { store(o + r, lane, row); });
    }
  }

  template <int Out>
  RESIDUA_HD static void add(int lane, int o, int fan_in, int fan_out, Factors<S> of, S (&z)[Out][K]) {
    const S* row[Out];
    for (int r = 0; r < Out; ++r) row[r] = of.weights + (o + r < fan_out ? o + r : fan_out - 1) * fan_in;
    const S* a = of.panel + lane;
    for (int i = 0; i < fan_in; ++i, a += kStride)
      for (int r = 0; r < Out; ++r) {
        const S weight = row[r][i];
        for (int k = 0; k < K; ++k) z[r][k] += weight * a[k * kTilePoints];
      }
  }

  template <class Store>
  RESIDUA_HD static void transposed_of(int thread, int fan_in, int fan_out, const Store& store, Factors<S> of) {
    constexpr int In = kBlocking;
    const int lane = thread % kTilePoints, group = thread / kTilePoints;
    for (int i = group * In; i < fan_in; i += kGroups * In) {
      const S* column[In];
      S a_bar[In][K]{};
      for (int r = 0; r < In; ++r) column[r] = of.weights + (i + r < fan_in ? i + r : fan_in - 1);
      const S* z_bar = of.panel + lane;
      for (int o = 0; o < fan_out; ++o, z_bar += kStride)
        for (int r = 0; r < In; ++r) {
          const S weight = column[r][o * fan_in];
          for (int k = 0; k < K; ++k) a_bar[r][k] += weight * z_bar[k * kTilePoints];
        }
      for_rows(a_bar, fan_in - i, [&](int r, S(&row)[K]) { store(i + r, lane, row); });
    }
  }

  static constexpr int kSide = 16;

  /// The threads form a square of 16 x 16; each owns Out x In entries, 16 apart, so that the 8 rows (of 4 or 2 columns)
  /// which a warp reads at once fill the banks.
  template <int Out, int In>
  RESIDUA_HD static void outer_of(int thread, int fan_in, int fan_out, OuterFactors<S> of) {
    constexpr int kStep = 16 / int(sizeof(S));
    struct alignas(16) Step {
      S v[kStep];
    };
    const int lane = thread % kLanes, warp = thread / kLanes;
    const int row = lane / 4 + 8 * (warp / 4), column = lane % 4 + 4 * (warp % 4);
    for (int o = row; o < fan_out; o += kSide * Out)
      for (int i = column; i < fan_in; i += kSide * In) {
        // Rows beyond the last are computed on the last one, and not written.
        const S *left[Out], *right[In];
        for (int r = 0; r < Out; ++r)
          left[r] = of.z_bar + (o + kSide * r < fan_out ? o + kSide * r : fan_out - 1) * kStride;
        for (int r = 0; r < In; ++r) right[r] = of.a + (i + kSide * r < fan_in ? i + kSide * r : fan_in - 1) * kStride;
        S sum[Out][In]{};
#ifdef __CUDA_ARCH__
#pragma unroll 2  // by more, what is loaded ahead takes the registers of all else
#endif
        for (int c = 0; c < kColumns; c += kStep) {
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
              of.gradient[(o + kSide * p) * fan_in + i + kSide * q] += sum[p][q];
      }
  }
};

}  // namespace residua::cuda
