#pragma once
#include "kernels/cuda/tile_pass.hpp"

namespace residua::cuda {

/// What the fused kernel is called with.
template <class S>
struct FusedArgs : TileArgs<S> {
  S* residual = nullptr;  ///< [equations][n], or null
};

/// One block's share of the fused pass: features -> layers on jets -> residual -> weighted square and, with kGradient,
/// back through the layers. Leaves its sums of loss and gradient in its storage.
template <class Ph, class Term, class S, bool kGradient, class Arithmetic = PerThread>
class FusedTile : TilePass<Ph, Term, FusedArgs<S>, kGradient, Arithmetic> {
  using Base = TilePass<Ph, Term, FusedArgs<S>, kGradient, Arithmetic>;

 public:
  using Base::Base, Base::kEquations;

  template <class Block>
  RESIDUA_HD void run(const Block& block, int index) {
    block.run([&](int thread) {
      clear_gradient(thread);
      if (thread < kEquations) store_.loss[thread] = 0;
    });
    for (to_first(index); more(); to_next()) {
      enter(block);
      block.run([&](int thread) { residual(thread); });
      block.run([&](int thread) { add_loss(thread); });
      if constexpr (kGradient)
        for (int l = shape_.depth; l >= 0; --l) {
          restore(block, l);
          add_gradient(block, l);
          backward(block, l);
        }
    }
  }

 private:
  using Base::add_gradient, Base::args_, Base::backward, Base::clamped, Base::clear_gradient, Base::enter, Base::head,
      Base::inside, Base::K, Base::kStride, Base::more, Base::outputs, Base::read_outputs, Base::restore, Base::shape_,
      Base::store_, Base::to_first, Base::to_next;
  using typename Base::PointHead;

  /// Network outputs -> rows of the term, its loss and, in the place of the outputs, their adjoints.
  RESIDUA_HD void residual(int thread) const {
    if (thread >= kTilePoints) return;
    const bool counts = inside(thread);
    const std::int64_t i = clamped(thread);
    const PointHead at = head(i);
    typename PointHead::Net net, slope[kEquations];
    S* out = outputs(thread);
    read_outputs(out, net);

    S r[kEquations];
    if constexpr (kGradient)
      at.linearise(net, r, slope);
    else
      at.residual(net, r);
    const S weight = !counts ? S(0) : args_.weights.point ? args_.weights.point[i] : S(1);
    S r_bar[kEquations];
    for (int e = 0; e < kEquations; ++e) {
      if (args_.weights.target) r[e] -= args_.weights.target[e * args_.points.n + i];
      if (counts && args_.residual) args_.residual[e * args_.points.n + i] = r[e];
      store_.tile_loss[e * kTilePoints + thread] = double(weight) * double(r[e]) * double(r[e]);
      r_bar[e] = 2 * (args_.weights.equation ? args_.weights.equation[e] : S(1)) * weight * r[e];
    }
    if constexpr (kGradient) {
      for (int f = 0; f < Ph::kFields; ++f)
        for (int k = 0; k < K; ++k) {
          S bar = 0;
          for (int e = 0; e < kEquations; ++e) bar += r_bar[e] * slope[e][f][k];
          out[f * kStride + k * kTilePoints] = bar;
        }
    }
  }

  RESIDUA_HD void add_loss(int thread) const {
    if (thread >= kEquations) return;
    double sum = 0;
    for (int p = 0; p < kTilePoints; ++p) sum += store_.tile_loss[thread * kTilePoints + p];
    store_.loss[thread] += sum;
  }
};

/// out[c] = sum of `rows` partial sums [rows][columns], in an order that depends on `rows` only. A block takes kLanes
/// columns; `storage` holds kThreads doubles.
template <class S, class Out, class Block>
RESIDUA_HD void sum_partials(const Block& block, std::int64_t index, const S* partial, int rows, std::int64_t columns,
                             Out* out, double* storage) {
  constexpr int slices = kThreads / kLanes;
  block.run([&](int thread) {
    const std::int64_t c = index * kLanes + thread % kLanes;
    double sum = 0;
    if (c < columns)
      for (int r = thread / kLanes; r < rows; r += slices) sum += double(partial[r * columns + c]);
    storage[thread] = sum;
  });
  block.run([&](int thread) {
    const std::int64_t c = index * kLanes + thread;
    if (thread >= kLanes || c >= columns) return;
    double sum = 0;
    for (int s = 0; s < slices; ++s) sum += storage[s * kLanes + thread];
    out[c] = Out(sum);
  });
}

}  // namespace residua::cuda
