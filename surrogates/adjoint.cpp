// Compiled once per instruction set.
#include <algorithm>

#include "kernels/registry.hpp"
#include "surrogates/answer.hpp"

namespace residua::inline RESIDUA_ISA {

/// Adjoints that are known beforehand, as a seed of a reverse pass.
template <class T>
struct KnownBars {
  using Value = Taylor<T, Channels{}>;
  const Value* bars;
  int count;
  void operator()(Value* out_bar) const { std::copy_n(bars, count, out_bar); }
};

/// The network forward, and adjoints back through it.
template <class T, Channels C>
class ReversePass {
  using S = Base<T>;
  using L = Layers<T, C>;
  static constexpr std::size_t kBuffer = std::size_t(L::kColumns) * kMaxWidth, kTape = 64 * 1024 / sizeof(S);
  static constexpr int kMostOutputs = C.count == 1 ? kMaxWidth : kMaxFields;  ///< a branch has more than a trunk
  static_assert(kTape >= kBuffer && sizeof(S) * (3 * kBuffer + kTape) <= kStackLimit);

 public:
  /// `in` [network inputs] to `out` [network outputs]; seed(out_bar) gives the adjoints of these once they are known,
  /// and `in_bar` gets those of the inputs.
  template <class Seed>
  static void run(const Plan<S>& plan, const Taylor<T, C>* in, Taylor<T, C>* out, Seed&& seed, Taylor<T, C>* in_bar) {
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
      L::product(weights, nullptr, shape.fan_out(layer), shape.fan_in(layer), buffer[now], buffer[(now + 1) % 3]);
      now = (now + 1) % 3;
    };
    Taylor<T, C> out_bar[kMostOutputs];
    if (plan.branch) {
      through_branch(plan, in, buffer[now], out, seed, out_bar, in_bar);
    } else {
      L::affine(last, shape.width, shape.outputs, buffer[now], buffer[(now + 1) % 3]);
      L::gather(buffer[(now + 1) % 3], shape.outputs, out);
      seed(out_bar);
      L::spread(out_bar, shape.outputs, buffer[now]);
      back(shape.depth);
    }
    // The tape holds the last layers. Those of a large network before them are found again when it is their turn.
    for (int end = shape.depth; end > 0; end -= kept) {
      const int begin = std::max(0, end - kept);
      if (end < shape.depth) forward(plan, in, begin, end, tape, buffer, now + 1);
      for (int l = end - 1; l >= begin; --l) {
        L::activate_reverse(shape.activation, shape.width, tape + (l - begin) * size, buffer[now]);
        back(l);
      }
    }
    L::gather(buffer[now], shape.inputs, in_bar);
  }

 private:
  /// The last layer of a plan with a branch, there and back: the hidden layer's columns become its adjoints, and those
  /// of the design inputs stand behind those of the inputs of layer 0.
  template <class Seed>
  static void through_branch(const Plan<S>& plan, const Taylor<T, C>* in, S* columns, Taylor<T, C>* out, Seed&& seed,
                             Taylor<T, C>* out_bar, Taylor<T, C>* in_bar) {
    using Value = typename L::Value;
    const MlpShape &shape = plan.network.shape, &branch = plan.branch->network.shape;
    Value seen[kMaxInputs], last[kMaxWidth], last_bar[kMaxWidth], seen_bar[kMaxInputs];
    L::ask_branch(plan, in, last);
    L::complete(shape, last, columns, out);
    seed(out_bar);
    Taylor<T, C> a_bar[kMaxWidth];
    for (int i = 0; i < shape.width; ++i) {
      const Taylor<T, C> a = L::neuron(columns, shape.width, i);
      for (int f = 0; f < shape.outputs; ++f) {
        T& weight_bar = last_bar[f * shape.width + i].e[0];
        weight_bar = T(0);
        for (int k = 0; k < C.count; ++k) {
          weight_bar += out_bar[f].e[k] * a.e[k];
          a_bar[i].e[k] = (f == 0 ? T(0) : a_bar[i].e[k]) + out_bar[f].e[k] * last[f * shape.width + i].e[0];
        }
      }
    }
    for (int f = 0; f < shape.outputs; ++f) last_bar[shape.outputs * shape.width + f].e[0] = out_bar[f].e[0];
    L::spread(a_bar, shape.width, columns);
    for (int i = 0; i < branch.inputs; ++i) seen[i].e[0] = in[shape.inputs + i].e[0];
    ReversePass<T, Channels{}>::run(*plan.branch, seen, last, KnownBars<T>{last_bar, branch.outputs}, seen_bar);
    for (int i = 0; i < branch.inputs; ++i) in_bar[shape.inputs + i] = Taylor<T, C>(seen_bar[i].e[0]);
  }

  /// Runs the hidden layers before `end`, by two of the buffers, the first of which is `at`. Keeps on the tape what
  /// enters the activations from layer `begin` on, and returns the buffer that holds the last layer's values.
  static int forward(const Plan<S>& plan, const Taylor<T, C>* in, int begin, int end, S* tape, S (*buffer)[kBuffer],
                     int at) {
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

template <class Ph, class S>
class PhysicsAdjoint {
  static constexpr Channels kChannels = kChannelsOf<Ph, Answer<Ph>>;
  static constexpr int kOutputs = kEquationsOf<Ph, Answer<Ph>>;

 public:
  static void gradient(const Plan<S>& plan, const S* in, const S* weights, S* out, S* gradient) {
    gradient_at<S>(plan, in, weights, out, gradient);
  }

  static void curvature(const Plan<S>& plan, const S* in, const S* weights, const S* direction, S* out, S* gradient,
                        S* curvature) {
    using D = Dual<S, 1>;
    const int inputs = Ph::kCoords + plan.design_count;
    D x[Ph::kCoords + kMaxInputs], y[kOutputs], slope[Ph::kCoords + kMaxInputs];
    for (int i = 0; i < inputs; ++i) {
      x[i] = D(in[i]);
      x[i].d[0] = direction[i];
    }
    gradient_at<D>(plan, x, weights, y, slope);
    for (int e = 0; e < kOutputs; ++e) out[e] = y[e].v;
    for (int i = 0; i < inputs; ++i) {
      gradient[i] = slope[i].v;
      curvature[i] = slope[i].d[0];
    }
  }

 private:
  /// The gradient of weights . out, where a T may carry its own derivative along a direction.
  template <class T>
  static void gradient_at(const Plan<S>& plan, const T* in, const S* weights, T* out, T* gradient) {
    using H = Head<Ph, Answer<Ph>, T>;
    const H head = head_at<Ph, T>(plan, [&](int i) { return in[i]; });
    typename H::Entry net_in[kMaxInputs], in_bar[kMaxInputs], net[Ph::kFields];
    network_inputs(plan, head, net_in);
    ReversePass<T, kChannels>::run(
        plan, net_in, net, [&](auto* net_bar) { seed(head, net, weights, out, net_bar); }, in_bar);
    // What is left depends on the inputs through both ends of the network, whose adjoints are now numbers.
    constexpr int kAtOnce = 4;
    const int inputs = Ph::kCoords + plan.design_count;
    for (int first = 0; first < inputs; first += kAtOnce) {
      using D = Dual<T, kAtOnce>;
      const auto ends = head_at<Ph, D>(
          plan, [&](int i) { return i >= first && i < first + kAtOnce ? D::seed(in[i], i - first) : D(in[i]); });
      Taylor<D, kChannels> entry[kMaxInputs], constant[Ph::kFields];
      network_inputs(plan, ends, entry);
      for (int f = 0; f < Ph::kFields; ++f)
        for (int k = 0; k < kChannels.count; ++k) constant[f].e[k] = D(net[f].e[k]);
      const auto rows = ends.residual(constant);
      D sum{};
      for (int e = 0; e < kOutputs; ++e) sum += rows[e] * T(weights[e]);
      for (int i = 0; i < plan.inputs(); ++i)
        for (int k = 0; k < kChannels.count; ++k) sum += entry[i].e[k] * in_bar[i].e[k];
      for (int i = first; i < inputs && i < first + kAtOnce; ++i) gradient[i] = sum.d[i - first];
    }
  }

  /// The outputs, and how weights . out depends on what the network gives, by duals along the channels of one field.
  template <class H, class T>
  static void seed(const H& head, const typename H::Entry* net, const S* weights, T* out, typename H::Entry* net_bar) {
    using D = Dual<T, kChannels.count>;
    Taylor<D, kChannels> dual[Ph::kFields];
    const auto set = [&](int f, bool seeded) {
      for (int k = 0; k < kChannels.count; ++k) dual[f].e[k] = seeded ? D::seed(net[f].e[k], k) : D(net[f].e[k]);
    };
    for (int f = 0; f < Ph::kFields; ++f) set(f, false);
    for (int f = 0; f < Ph::kFields; ++f) {
      set(f, true);
      const auto rows = head.template rows_of<D>(dual);
      set(f, false);
      for (int k = 0; k < kChannels.count; ++k) {
        net_bar[f].e[k] = T(0);
        for (int e = 0; e < kOutputs; ++e) net_bar[f].e[k] += rows[e].d[k] * T(weights[e]);
      }
      for (int e = 0; e < kOutputs; ++e) out[e] = rows[e].v;
    }
  }
};

template <class Ph, class S>
inline constexpr Adjoint<S> kAdjoint = {PhysicsAdjoint<Ph, S>::gradient, PhysicsAdjoint<Ph, S>::curvature};

}  // namespace residua::inline RESIDUA_ISA

namespace residua::RESIDUA_ISA {

template <class S>
const Adjoint<S>* adjoint(int physics) {
  const Adjoint<S>* found = nullptr;
  int index = 0;
  for_each_physics([&]<class Ph>() {
    if (index++ == physics) found = &kAdjoint<Ph, S>;
  });
  return found;
}
template const Adjoint<float>* adjoint(int);
template const Adjoint<double>* adjoint(int);

}  // namespace residua::RESIDUA_ISA
