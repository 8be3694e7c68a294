#pragma once
#include "kernels/core/dual.hpp"
#include "kernels/cuda/tile_pass.hpp"

namespace residua::cuda {

// One block's share of what Gauss-Newton methods ask of a term, in double precision. J is the Jacobian of its rows,
// W the products of equation and point weights, as in kernels/gauss_newton.hpp.

/// Rows of sqrt(W) (J r) for the points of the range: row e * points + i for equation e of its point i. r is less the
/// targets.
struct JacobianArgs : TileArgs<double> {
  PointRange part;
  double* rows = nullptr;   ///< [equations * points of the range][stride], parameters + 1 of each written
  std::int64_t stride = 0;  ///< parameters + 1, or more

  RESIDUA_HD PointRange range() const { return part; }
};

template <class Ph, class Term, class Arithmetic = WholeDoubles>
class JacobianTile : TilePass<Ph, Term, JacobianArgs, true, Arithmetic> {
  using Base = TilePass<Ph, Term, JacobianArgs, true, Arithmetic>;

 public:
  using Base::Base, Base::kEquations;

  template <class Block>
  RESIDUA_HD void run(const Block& block, int index) {
    for (to_first(index); more(); to_next()) {
      enter(block);
      block.run([&](int thread) { linearise(thread); });
      for (int e = 0; e < kEquations; ++e) {
        block.run([&](int thread) { seed(thread, e); });
        for (int l = shape_.depth; l >= 0; --l) {
          restore(block, l);
          block.run([&](int thread) { write_rows(thread, e, l); });
          backward(block, l);
        }
      }
    }
  }

 private:
  using Base::args_, Base::backward, Base::clamped, Base::enter, Base::head, Base::input_panel, Base::inside, Base::K,
      Base::kStride, Base::more, Base::output_panel, Base::outputs, Base::point, Base::read_outputs, Base::restore,
      Base::shape_, Base::store_, Base::to_first, Base::to_next;
  using typename Base::PointHead;

  RESIDUA_HD double* row(int e, int thread) const {
    return args_.rows +
           (e * (args_.range().last - args_.range().first) + point(thread) - args_.range().first) * args_.stride;
  }
  /// The weighted slope of row e in channel k of output f.
  RESIDUA_HD double* slope_at(int e, int f, int k) const {
    return store_.tape + args_.plan.slopes_at + ((e * Ph::kFields + f) * K + k) * kTilePoints;
  }

  /// Slopes of the rows at the outputs, for the ways back, and the residuals themselves: the last column.
  RESIDUA_HD void linearise(int thread) const {
    if (thread >= kTilePoints) return;
    const std::int64_t i = clamped(thread), n = args_.points.n;
    const FusedWeights<double>& weights = args_.weights;
    typename PointHead::Net net, slope[kEquations];
    double r[kEquations];
    read_outputs(outputs(thread), net);
    head(i).linearise(net, r, slope);
    for (int e = 0; e < kEquations; ++e) {
      const double root = sqrt((weights.equation ? weights.equation[e] : 1) * (weights.point ? weights.point[i] : 1));
      for (int f = 0; f < Ph::kFields; ++f)
        for (int k = 0; k < K; ++k) slope_at(e, f, k)[thread] = root * slope[e][f][k];
      const double target = weights.target ? weights.target[e * n + i] : 0;
      if (inside(thread)) row(e, thread)[shape_.parameters()] = root * (r[e] - target);
    }
  }

  /// Adjoints of the outputs for equation e. The way back before it has left other things in the panels.
  RESIDUA_HD void seed(int thread, int e) const {
    if (e > 0) restore(thread, shape_.depth);
    if (thread >= kTilePoints) return;
    double* out = outputs(thread);
    for (int f = 0; f < Ph::kFields; ++f)
      for (int k = 0; k < K; ++k) out[f * kStride + k * kTilePoints] = slope_at(e, f, k)[thread];
  }

  /// Derivatives of row e by the parameters of layer l: a warp takes a point, its lanes stand along the row or, where
  /// fewer features are read than written, across the layer's outputs.
  RESIDUA_HD void write_rows(int thread, int e, int l) const {
    const int lane = thread % kLanes, fan_in = shape_.fan_in(l), fan_out = shape_.fan_out(l);
    for (int p = thread / kLanes; p < kTilePoints && inside(p); p += kWarps) {
      const double *z_bar = output_panel(l) + p, *a = input_panel(l) + p;
      double *to = row(e, p) + shape_.offset(l), *bias = to + fan_in * fan_out;
      if (fan_in < fan_out)
        write_products(lane, z_bar, fan_out, fan_in, a, fan_in, 1, to);
      else
        write_products(lane, a, fan_in, 1, z_bar, fan_out, fan_in, to);
      for (int o = lane; o < fan_out; o += kLanes) bias[o] = z_bar[o * kStride];
    }
  }

  /// to[x * x_step + y * y_step] = sum over channels of x and y, for x = lane, lane + 32, ... and all y.
  RESIDUA_HD static void write_products(int lane, const double* xs, int x_count, int x_step, const double* ys,
                                        int y_count, int y_step, double* to) {
    for (int x = lane; x < x_count; x += kLanes) {
      double held[K];
      for (int k = 0; k < K; ++k) held[k] = xs[x * kStride + k * kTilePoints];
      for (int y = 0; y < y_count; ++y) {
        double sum = 0;
        for (int k = 0; k < K; ++k) sum += held[k] * ys[y * kStride + k * kTilePoints];
        to[x * x_step + y * y_step] = sum;
      }
    }
  }
};

/// What a product with J is asked for.
struct TangentArgs : TileArgs<double> {
  const double* direction = nullptr;  ///< [parameters]
  double* product = nullptr;          ///< [equations][n]
};

/// J times a direction of the weights, layer by layer beside the way forward: the panels `moved` hold how what the
/// others hold moves.
template <class Ph, class Term, class Arithmetic = WholeDoubles>
class TangentTile : TilePass<Ph, Term, TangentArgs, true, Arithmetic> {
  using Base = TilePass<Ph, Term, TangentArgs, true, Arithmetic>;

 public:
  using Base::Base, Base::kEquations;

  template <class Block>
  RESIDUA_HD void run(const Block& block, int index) {
    for (to_first(index); more(); to_next()) {
      block.run([&](int thread) { inputs(thread); });
      for (int l = 0; l <= shape_.depth; ++l) {
        forward(block, l);
        move(block, l);
      }
      block.run([&](int thread) { multiply(thread); });
    }
  }

 private:
  using Base::affine, Base::args_, Base::forward, Base::head, Base::input_panel, Base::inputs, Base::inside, Base::K,
      Base::kCurved, Base::kPropagation, Base::kStride, Base::leaves, Base::more, Base::outputs, Base::point,
      Base::read_outputs, Base::shape_, Base::store_, Base::taped, Base::to_first, Base::to_next, Base::weights;
  using typename Base::PointHead;
  using typename Base::Summand;

  /// How what the panel of the same number holds moves.
  RESIDUA_HD double* moved(int panel) const { return store_.panel[panel] + 2 * args_.plan.panel; }

  /// z moves by what the weights and what the layer below contribute; nothing moves the inputs.
  template <class Block>
  RESIDUA_HD void move(const Block& block, int l) const {
    const auto store = [this, l](int feature, int lane, const double(&z)[K]) { store_moved(l, feature, lane, z); };
    const auto by_weights = [this, l] { return Summand{args_.direction + shape_.offset(l), input_panel(l)}; };
    const auto by_input = [this, l] { return Summand{weights(l), moved(l % 2)}; };
    if (l == 0)
      affine(block, l, store, by_weights);
    else
      affine(block, l, store, by_weights, by_input);
  }

  RESIDUA_HD void store_moved(int l, int feature, int lane, const double (&z_moved)[K]) const {
    double* out = moved((l + 1) % 2) + feature * kStride + lane;
    double a_moved[K];
    if (l < shape_.depth) activate_moved(taped(l, feature) + lane, lane, z_moved, a_moved);
    for (int k = 0; k < K; ++k) out[k * kTilePoints] = l < shape_.depth ? a_moved[k] : z_moved[k];
  }

  /// How an activation moves with what it is applied to, by duals.
  RESIDUA_HD void activate_moved(const double* tape, int lane, const double (&z_moved)[K], double (&a_moved)[K]) const {
    using D = Dual<double, 1>;
    constexpr int kTower = kPropagation.order() + 1;
    D z[K], a[K], f[kTower];
    for (int k = 0; k < K; ++k) {
      z[k].v = tape[k * kTilePoints];
      z[k].d[0] = z_moved[k];
    }
    const auto tower = Tower<double, kTower + 1>::at(shape_.activation, z[0].v);
    for (int n = 0; n < kTower; ++n) {
      f[n].v = tower.d[n];
      f[n].d[0] = tower.d[n + 1] * z_moved[0];
    }
    double leaf[kCurved + 1]{};
    leaves(lane, leaf);
    activate<kPropagation>(f, leaf, z, a);
    for (int k = 0; k < K; ++k) a_moved[k] = a[k].d[0];
  }

  /// From how the outputs move to how the rows do.
  RESIDUA_HD void multiply(int thread) const {
    if (thread >= kTilePoints || !inside(thread)) return;
    const std::int64_t i = point(thread);
    typename PointHead::Net net, slope[kEquations];
    double r[kEquations];
    read_outputs(outputs(thread), net);
    head(i).linearise(net, r, slope);
    const double* moved = this->moved((shape_.depth + 1) % 2) + thread;
    for (int e = 0; e < kEquations; ++e) {
      double sum = 0;
      for (int f = 0; f < Ph::kFields; ++f)
        for (int k = 0; k < K; ++k) sum += slope[e][f][k] * moved[f * kStride + k * kTilePoints];
      args_.product[e * args_.points.n + i] = sum;
    }
  }
};

/// What a product with the transpose of J is asked for.
struct TransposedArgs : TileArgs<double> {
  const double* rows = nullptr;  ///< [equations][n]
};

/// The transpose of J times rows: a fused pass whose adjoints of the rows are given. Leaves its sums in its storage.
template <class Ph, class Term, class Arithmetic = WholeDoubles>
class TransposedTile : TilePass<Ph, Term, TransposedArgs, true, Arithmetic> {
  using Base = TilePass<Ph, Term, TransposedArgs, true, Arithmetic>;

 public:
  using Base::Base, Base::kEquations;

  template <class Block>
  RESIDUA_HD void run(const Block& block, int index) {
    block.run([&](int thread) { clear_gradient(thread); });
    for (to_first(index); more(); to_next()) {
      enter(block);
      block.run([&](int thread) { seed(thread); });
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
      Base::to_first, Base::to_next;
  using typename Base::PointHead;

  RESIDUA_HD void seed(int thread) const {
    if (thread >= kTilePoints) return;
    const std::int64_t i = clamped(thread);
    typename PointHead::Net net, slope[kEquations];
    double r[kEquations];
    double* out = outputs(thread);
    read_outputs(out, net);
    head(i).linearise(net, r, slope);
    for (int f = 0; f < Ph::kFields; ++f)
      for (int k = 0; k < K; ++k) {
        double bar = 0;
        for (int e = 0; e < kEquations; ++e) bar += args_.rows[e * args_.points.n + i] * slope[e][f][k];
        out[f * kStride + k * kTilePoints] = inside(thread) ? bar : 0;
      }
  }
};

}  // namespace residua::cuda
