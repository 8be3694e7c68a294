#pragma once
#include <algorithm>

#include "surrogates/layers.hpp"

namespace residua::inline RESIDUA_ISA {

/// The network forward, and R adjoints back through it at once, which share its weights and the slopes of its neurons.
/// It has kMostOutputs at most; those of a branch are the weights of a layer.
template <class T, Channels C, int R, int kMostOutputs = kMaxFields>
class ReversePass {
  using S = Base<T>;
  using L = Layers<T, C>;
  using Entry = Taylor<T, C>;
  static constexpr std::size_t kBuffer = std::size_t(R * L::kColumns) * kMaxWidth, kTape = 64 * 1024 / sizeof(S);

 public:
  static constexpr std::size_t kStackBytes = sizeof(S) * (3 * kBuffer + kTape);
  static_assert(kTape >= kBuffer / R && kStackBytes <= kStackLimit);

  using OutBars = Entry[kMostOutputs];
  using InBars = Entry[kMaxInputs];

  /// `in` [network inputs] to `out` [network outputs]; seed(out_bar) gives R adjoints of these once they are known, and
  /// `in_bar` [R] gets those of the inputs.
  static void run(const Plan<S>& plan, const Entry* in, Entry* out, Seed<OutBars> seed, InBars* in_bar) {
    const MlpShape& shape = plan.network.shape;
    const int size = L::kColumns * padded_to_line<S>(shape.width), kept = std::min(shape.depth, int(kTape) / size);
    alignas(64) S tape[kTape], buffer[3][kBuffer];
    const S *last = plan.packed, *weights = plan.transposed;
    for (int l = 0; l < shape.depth; ++l) last += packed_size<S>(shape, l);
    for (int l = 0; l < shape.layers() - (plan.branch ? 1 : 0); ++l) weights += transposed_size<S>(shape, l);

    // `now` is the buffer that holds the adjoints on the way back; the next two are free.
    int now = forward(plan, in, shape.depth - kept, shape.depth, tape, buffer, 0);
    const auto back = [&](int layer) {
      weights -= transposed_size<S>(shape, layer);
      L::template product<R * L::kColumns>(weights, nullptr, shape.fan_out(layer), shape.fan_in(layer), buffer[now],
                                           buffer[(now + 1) % 3]);
      now = (now + 1) % 3;
    };
    OutBars out_bar[R];
    if (plan.branch) {
      through_branch(plan, in, buffer[now], out, seed, out_bar, in_bar);
    } else {
      L::affine(last, shape.width, shape.outputs, buffer[now], buffer[(now + 1) % 3]);
      L::gather(buffer[(now + 1) % 3], shape.outputs, out);
      seed(out_bar);
      for (int r = 0; r < R; ++r) L::spread(out_bar[r], shape.outputs, columns_of(buffer[now], r, shape.outputs));
      back(shape.depth);
    }
    // The tape holds the last layers. Those of a large network before them are found again when it is their turn.
    for (int end = shape.depth; end > 0; end -= kept) {
      const int begin = std::max(0, end - kept);
      if (end < shape.depth) forward(plan, in, begin, end, tape, buffer, now + 1);
      for (int l = end - 1; l >= begin; --l) {
        L::template activate_reverse<R>(shape.activation, shape.width, tape + (l - begin) * size, buffer[now]);
        back(l);
      }
    }
    for (int r = 0; r < R; ++r) L::gather(columns_of(buffer[now], r, shape.inputs), shape.inputs, in_bar[r]);
  }

 private:
  /// Where adjoint r of a layer of so many neurons stands.
  static S* columns_of(S* columns, int r, int neurons) {
    return columns + r * L::kColumns * padded_to_line<S>(neurons);
  }

  /// The last layer of a plan with a branch, there and back: the hidden layer's columns become its adjoints, and those
  /// of the design inputs stand behind those of the inputs of layer 0.
  static void through_branch(const Plan<S>& plan, const Entry* in, S* columns, Entry* out, Seed<OutBars> seed,
                             OutBars* out_bar, InBars* in_bar) {
    using Value = typename L::Value;
    using Branch = ReversePass<T, Channels{}, R, kMaxWidth>;
    const MlpShape &shape = plan.network.shape, &branch = plan.branch->network.shape;
    Value seen[kMaxInputs], last[kMaxWidth];
    typename Branch::InBars seen_bar[R];
    Entry a[kMaxWidth], a_bar[kMaxWidth];
    for (int i = 0; i < branch.inputs; ++i) seen[i].e[0] = in[shape.inputs + i].e[0];
    // The answer of the branch is what its own adjoints start from; so its way back begins once the trunk has seen it.
    const auto complete = [&](typename Branch::OutBars* last_bar) {
      L::complete(shape, last, columns, out);
      seed(out_bar);
      for (int i = 0; i < shape.width; ++i) a[i] = L::neuron(columns, shape.width, i);
      for (int r = 0; r < R; ++r) {
        through_product(shape, last, a, out_bar[r], last_bar[r], a_bar);
        L::spread(a_bar, shape.width, columns_of(columns, r, shape.width));
      }
    };
    Branch::run(*plan.branch, seen, last, complete, seen_bar);
    for (int r = 0; r < R; ++r)
      for (int i = 0; i < branch.inputs; ++i) in_bar[r][shape.inputs + i] = Entry(seen_bar[r][i].e[0]);
  }

  /// Adjoints of both factors of the last layer of a plan with a branch: its weights and the neurons before it.
  static void through_product(const MlpShape& shape, const typename L::Value* last, const Entry* a,
                              const Entry* out_bar, typename L::Value* last_bar, Entry* a_bar) {
    for (int i = 0; i < shape.width; ++i) {
      a_bar[i] = Entry{};
      for (int f = 0; f < shape.outputs; ++f) {
        T& weight_bar = last_bar[f * shape.width + i].e[0];
        weight_bar = T(0);
        for (int k = 0; k < C.count; ++k) {
          weight_bar += out_bar[f].e[k] * a[i].e[k];
          a_bar[i].e[k] += out_bar[f].e[k] * last[f * shape.width + i].e[0];
        }
      }
    }
    for (int f = 0; f < shape.outputs; ++f) last_bar[shape.outputs * shape.width + f].e[0] = out_bar[f].e[0];
  }

  /// Runs the hidden layers before `end`, by two of the buffers, the first of which is `at`. Keeps on the tape what
  /// enters the activations from layer `begin` on, and returns the buffer that holds the last layer's values.
  static int forward(const Plan<S>& plan, const Entry* in, int begin, int end, S* tape, S (*buffer)[kBuffer], int at) {
    const MlpShape& shape = plan.network.shape;
    const int size = L::kColumns * padded_to_line<S>(shape.width), a = at % 3, b = (at + 1) % 3;
    const S* weights = plan.packed;
    int now = a;
    L::spread(in, shape.inputs, buffer[now]);
    for (int l = 0; l < end; ++l) {
      const int next = now == a ? b : a;
      S* z = l < begin ? buffer[next] : tape + (l - begin) * size;
      L::affine(weights, shape.fan_in(l), shape.width, buffer[now], z);
      L::activate(shape.activation, shape.width, z, buffer[next]);
      weights += packed_size<S>(shape, l);
      now = next;
    }
    return now;
  }
};

}  // namespace residua::inline RESIDUA_ISA
