#pragma once
#include <cstdint>

#include "kernels/activation.hpp"
#include "kernels/dense.hpp"
#include "kernels/weight_panels.hpp"

namespace residua::inline RESIDUA_ISA {

/// The network on a tile of points. What a point propagates, K channels, are K rows one below the other, with the
/// neurons of a layer in the lanes: so every layer is one matrix product that shares the weights between points and
/// channels, the activation works on whole registers, and the weight gradient is the same kind of product. A tile stays
/// in the cache from forward to backward.
///
/// The steps are not inlined: a kernel takes several ways through them, and each way would carry copies of its own.
template <class S, Propagation P>
class TileNetwork {
 public:
  using V = Pack<S>;
  static constexpr int K = P.count(), kLanes = V::kLanes, kCurved = P.curved;
  static constexpr int kRows = 192, kStep = 16;
  static constexpr int kMaxPoints = (kRows / K + kStep - 1) / kStep * kStep;

  /// Points of a full tile: whole register blocks of rows and packs of points, and no more than the cache holds.
  static int points(const MlpShape& shape) {
    constexpr std::size_t kCacheBytes = 768 * 1024;
    const std::size_t point = std::size_t(K) * row_stride<S>(shape.width) * sizeof(S) * (2 * shape.depth + 2);
    int points = kMaxPoints;
    while (points > kStep && points * point > kCacheBytes) points -= kStep;
    return points;
  }

  static std::size_t workspace_size(const MlpShape& shape) {
    const std::size_t n = std::size_t(points(shape)), wide = std::size_t(row_stride<S>(shape.width));
    return n * K * (kInputStride + 2 * std::size_t(shape.outputs) + (2 * shape.depth + 3) * wide) +
           n * wide * kMaxSaved * shape.depth + n * (kCurved + kLanes);
  }

  TileNetwork(const MlpShape& shape, const S* weights, const S* packed, S* workspace)
      : shape_(shape), stride_(row_stride<S>(shape.width)) {
    const std::size_t n = std::size_t(points(shape)), rows = n * K;
    const auto take = [&](std::size_t size) {
      S* at = workspace;
      workspace += size;
      return at;
    };
    for (int l = 1; l <= shape.depth; ++l) {
      a_[l] = take(rows * stride_);
      z_[l] = take(rows * stride_);
      saved_[l] = take(n * kMaxSaved * stride_);
    }
    bar_[0] = take(rows * stride_);
    bar_[1] = take(rows * stride_);
    bar_[2] = take(rows * stride_);
    a_[0] = take(rows * kInputStride);
    net_ = take(rows * std::size_t(shape.outputs));
    net_bar_ = take(rows * std::size_t(shape.outputs));
    leaf_ = take(n * kCurved);
    panels_ = WeightPanels<S>(shape, weights, packed);
  }

  // A point's rows on both ends of the network: K rows of inputs, of outputs and of adjoints of the outputs, and the
  // coefficients of the curved leaves.
  static constexpr int kInputStride = kMaxInputs;
  S* input(int point, int channel) { return a_[0] + (point * K + channel) * kInputStride; }
  const S* output(int point, int channel) const { return net_ + (point * K + channel) * shape_.outputs; }
  S* output_bar(int point, int channel) { return net_bar_ + (point * K + channel) * shape_.outputs; }
  S* leaf(int point) { return leaf_ + point * kCurved; }

  /// From inputs to outputs. The activations stay for `backward`.
  [[gnu::noinline]] void forward(int points) {
    points_ = points;
    with_activation(shape_.activation, [&]<class A>(A) {
      for (int l = 0; l < shape_.depth; ++l)
        product(a_[l], l == 0 ? kInputStride : stride_, points_ * K, shape_.fan_in(l), panels_.forward[l], shape_.width,
                z_[l + 1], stride_, [&](int first, int packs) { activate_columns<A>(l + 1, first, packs); });
    });
    end(a_[shape_.depth], panels_, net_);
    add_bias(panels_, net_);
  }

  /// From adjoints of the outputs to gradients of the weights, added to `gradient`.
  [[gnu::noinline]] void backward(S* gradient) {
    gradient += gradient_size<S>(shape_);
    sweep([&](int l, const S* z_bar, int z_stride) {
      gradient -= gradient_size<S>(shape_, l);
      add_layer(l, z_bar, z_stride, gradient);
    });
  }

  /// From adjoints of the outputs to the gradient of each point by itself, in the order of the flat vector: the rows of
  /// a Jacobian. They lie `stride` apart.
  [[gnu::noinline]] void point_gradients(S* rows, std::ptrdiff_t stride) {
    sweep([&](int l, const S* z_bar, int z_stride) {
      const int in = shape_.fan_in(l), out = shape_.fan_out(l), a_stride = l == 0 ? kInputStride : stride_;
      for (int point = 0; point < points_; ++point) {
        const S *bar = z_bar + point * K * z_stride, *a = a_[l] + point * K * a_stride;
        S* to = rows + point * stride + shape_.offset(l);
        for (int o = 0; o < out; ++o, to += in)  // the next rows replace what is written into them
          for (int i = 0; i < in; i += kLanes) {
            V sum = V(bar[o]) * V::load(a + i);
            for (int k = 1; k < K; ++k) sum = sum + V(bar[k * z_stride + o]) * V::load(a + k * a_stride + i);
            if (o * in + i + kLanes <= out * in)
              sum.store(to + i);
            else
              for (int lane = 0; i + lane < in; ++lane) to[i + lane] = sum[lane];
          }
        for (int o = 0; o < out; ++o) to[o] = bar[o];
      }
    });
  }

  /// How the outputs move when the weights move along a direction, after `forward`: packed as the weights are, with its
  /// flat vector. Leaves the answer in the place of the adjoints of the outputs.
  [[gnu::noinline]] void tangent(const S* packed, const S* direction) {
    const WeightPanels<S> along(shape_, direction, packed);
    with_activation(shape_.activation, [&]<class A>(A) {
      S *moved = bar_[0], *next = bar_[1], *by_weights = bar_[2];
      for (int l = 0; l < shape_.depth; ++l) {
        const int in = shape_.fan_in(l), rows = points_ * K;
        const auto nothing = [](int, int) {};
        product(a_[l], l == 0 ? kInputStride : stride_, rows, in, along.forward[l], shape_.width, by_weights, stride_,
                nothing);
        if (l > 0) product(moved, stride_, rows, in, panels_.forward[l], shape_.width, next, stride_, nothing);
        tangent_columns<A>(l + 1, by_weights, l > 0 ? next : nullptr, along.bias[l], moved);
      }
      end(a_[shape_.depth], along, net_bar_);
      add_bias(along, net_bar_);
      S* rest = by_weights;
      end(moved, panels_, rest);
      for (int k = 0; k < points_ * K * shape_.outputs; ++k) net_bar_[k] += rest[k];
    });
  }

 private:
  static constexpr int kTower = P.order() + 1;

  /// From adjoints of the outputs back through the layers; visit(l, adjoints of z of layer l, their stride) for each.
  template <class Visit>
  void sweep(Visit&& visit) {
    with_activation(shape_.activation, [&]<class A>(A) {
      const S* z_bar = net_bar_;
      int z_stride = shape_.outputs;
      for (int l = shape_.depth; l >= 0; --l) {
        visit(l, z_bar, z_stride);
        if (l == 0) break;
        S* next = bar_[l % 2];
        product(z_bar, z_stride, points_ * K, shape_.fan_out(l), panels_.transposed[l], shape_.width, next, stride_,
                [&](int first, int packs) { reverse_columns<A>(l, next, first, packs); });
        z_bar = next;
        z_stride = stride_;
      }
    });
  }

  /// z + bias -> a, for some packs of columns of all rows.
  template <class A>
  void activate_columns(int l, int first, int packs) {
    S *z_row = z_[l] + first, *a_row = a_[l] + first, *saved_row = saved_[l] + first;
    for (int point = 0; point < points_; ++point) {
      for (int c = 0; c < packs * kLanes; c += kLanes) {
        V z[K], a[K], saved[kMaxSaved], f[kTower];
        z[0] = V::load(z_row + c) + V::load(panels_.bias[l - 1] + first + c);
        for (int k = 1; k < K; ++k) z[k] = V::load(z_row + k * stride_ + c);
        f[0] = A::evaluate(z[0], saved);
        A::tower(z[0], saved, f);
        activate<P>(f, leaf_ + point * kCurved, z, a);
        if constexpr (A::kSaved > 0) z[0].store(z_row + c);
        for (int s = 0; s < A::kSaved; ++s) saved[s].store(saved_row + s * stride_ + c);
        for (int k = 0; k < K; ++k) a[k].store(a_row + k * stride_ + c);
      }
      z_row += K * stride_;
      a_row += K * stride_;
      saved_row += A::kSaved * stride_;
    }
  }

  /// Adjoints of a -> adjoints of z, in place.
  template <class A>
  [[gnu::noinline]] void reverse_columns(int l, S* bar, int first, int packs) {
    S* bar_row = bar + first;
    const S *z_row = z_[l] + first, *a_row = a_[l] + first, *saved_row = saved_[l] + first;
    for (int point = 0; point < points_; ++point) {
      for (int c = 0; c < packs * kLanes; c += kLanes) {
        V z[K], a_bar[K], z_bar[K], saved[kMaxSaved], f[kTower + 1];
        for (int k = 0; k < K; ++k) {
          if (k > 0 || A::kSaved > 0) z[k] = V::load(z_row + k * stride_ + c);
          a_bar[k] = V::load(bar_row + k * stride_ + c);
        }
        for (int s = 0; s < A::kSaved; ++s) saved[s] = V::load(saved_row + s * stride_ + c);
        f[0] = V::load(a_row + c);
        A::tower(z[0], saved, f);
        activate_reverse<P>(f, leaf_ + point * kCurved, z, a_bar, z_bar);
        for (int k = 0; k < K; ++k) z_bar[k].store(bar_row + k * stride_ + c);
      }
      bar_row += K * stride_;
      z_row += K * stride_;
      a_row += K * stride_;
      saved_row += A::kSaved * stride_;
    }
  }

  /// How a moves with z: z moves by what the weights and what the layer below (null: nothing) contribute.
  template <class A>
  void tangent_columns(int l, const S* by_weights, const S* by_input, const S* bias, S* moved) {
    using D = Dual<V, 1>;
    for (int point = 0; point < points_; ++point) {
      const std::ptrdiff_t at = std::ptrdiff_t(point) * K * stride_,
                           saved_at = std::ptrdiff_t(point) * A::kSaved * stride_;
      for (int c = 0; c < padded<S>(shape_.width); c += kLanes) {
        V saved[kMaxSaved], f[kTower + 1];
        D z[K], a[K], dual[kTower];
        for (int k = 0; k < K; ++k) {
          z[k].v = k > 0 || A::kSaved > 0 ? V::load(z_[l] + at + k * stride_ + c) : V(0);
          z[k].d[0] = V::load(by_weights + at + k * stride_ + c);
          if (by_input) z[k].d[0] += V::load(by_input + at + k * stride_ + c);
        }
        z[0].d[0] += V::load(bias + c);
        for (int s = 0; s < A::kSaved; ++s) saved[s] = V::load(saved_[l] + saved_at + s * stride_ + c);
        f[0] = V::load(a_[l] + at + c);
        A::tower(z[0].v, saved, f);
        for (int n = 0; n < kTower; ++n) {
          dual[n].v = f[n];
          dual[n].d[0] = f[n + 1] * z[0].d[0];
        }
        V leaf[kCurved + 1];
        for (int m = 0; m < kCurved; ++m) leaf[m] = V(leaf_[point * kCurved + m]);
        activate<P>(dual, leaf, z, a);
        for (int k = 0; k < K; ++k) a[k].d[0].store(moved + at + k * stride_ + c);
      }
    }
  }

  /// The last layer.
  void end(const S* a_rows, const WeightPanels<S>& panels, S* net) {
    scalar_products(a_rows, stride_, points_ * K, shape_.width, panels.forward[shape_.depth], shape_.outputs, net);
  }
  void add_bias(const WeightPanels<S>& panels, S* net) {
    for (int point = 0; point < points_; ++point)
      for (int o = 0; o < shape_.outputs; ++o) net[point * K * shape_.outputs + o] += panels.bias[shape_.depth][o];
  }

  /// Weight gradient of layer l: sums over rows of z_bar times its inputs; the biases see the values only. Of layer 0
  /// transposed, since its inputs are few and its neurons fill the lanes.
  void add_layer(int l, const S* z_bar, int z_stride, S* gradient) {
    const int in = shape_.fan_in(l), out = shape_.fan_out(l), rows = points_ * K;
    if (l == 0)
      rank_update(a_[0], kInputStride, in, z_bar, z_stride, out, rows, gradient, padded<S>(out));
    else
      rank_update(z_bar, z_stride, out, a_[l], stride_, in, rows, gradient, padded<S>(in));
    S* bias = gradient + gradient_size<S>(shape_, l) - padded<S>(out);
    if (l == shape_.depth) {
      for (int point = 0; point < points_; ++point)
        for (int o = 0; o < out; ++o) bias[o] += z_bar[point * K * z_stride + o];
    } else {
      for (int o = 0; o < out; o += kLanes) {
        V sum(0);
        for (int point = 0; point < points_; ++point) sum += V::load(z_bar + point * K * z_stride + o);
        (V::load(bias + o) + sum).store(bias + o);
      }
    }
  }

  MlpShape shape_;
  int stride_, points_ = 0;
  S *a_[kMaxDepth + 1], *z_[kMaxDepth + 1], *saved_[kMaxDepth + 1], *net_, *net_bar_, *bar_[3], *leaf_;
  WeightPanels<S> panels_;
};

}  // namespace residua::inline RESIDUA_ISA
