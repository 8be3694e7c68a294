// Compiled once per instruction set.
#include <algorithm>

#include "kernels/registry.hpp"
#include "surrogates/answer.hpp"

namespace residua::inline RESIDUA_ISA {

/// A function that gives adjoints, whatever its type: a reverse pass may contain another one of the same type.
template <class Bars>
class Seed {
 public:
  template <class F>
  Seed(const F& give) : give_(&give), call_([](const void* f, Bars& bars) { (*static_cast<const F*>(f))(bars); }) {}
  void operator()(Bars& bars) const { call_(give_, bars); }

 private:
  const void* give_;
  void (*call_)(const void*, Bars&);
};

/// The network forward, and R adjoints back through it at once, which share its weights and the slopes of its neurons.
template <class T, Channels C, int R>
class ReversePass {
  using S = Base<T>;
  using L = Layers<T, C>;
  using Entry = Taylor<T, C>;
  static constexpr std::size_t kBuffer = std::size_t(R * L::kColumns) * kMaxWidth, kTape = 64 * 1024 / sizeof(S);
  static constexpr int kMostOutputs = C.count == 1 ? kMaxWidth : kMaxFields;  ///< a branch has more than a trunk

 public:
  static constexpr std::size_t kStackBytes = sizeof(S) * (3 * kBuffer + kTape);
  static_assert(kTape >= kBuffer / R && kStackBytes <= kStackLimit);

  using OutBars = Entry[R][kMostOutputs];
  using InBars = Entry[R][kMaxInputs];

  /// `in` [network inputs] to `out` [network outputs]; seed(out_bar) gives the adjoints of these once they are known,
  /// and `in_bar` gets those of the inputs.
  static void run(const Plan<S>& plan, const Entry* in, Entry* out, Seed<OutBars> seed, InBars& in_bar) {
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
    OutBars out_bar;
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
  template <class Seed>
  static void through_branch(const Plan<S>& plan, const Entry* in, S* columns, Entry* out, Seed&& seed,
                             OutBars& out_bar, InBars& in_bar) {
    using Value = typename L::Value;
    using Branch = ReversePass<T, Channels{}, R>;
    const MlpShape &shape = plan.network.shape, &branch = plan.branch->network.shape;
    Value seen[kMaxInputs], last[kMaxWidth];
    typename Branch::InBars seen_bar;
    Entry a[kMaxWidth], a_bar[kMaxWidth];
    for (int i = 0; i < branch.inputs; ++i) seen[i].e[0] = in[shape.inputs + i].e[0];
    // The answer of the branch is what its own adjoints start from; so its way back begins once the trunk has seen it.
    const auto complete = [&](typename Branch::OutBars& last_bar) {
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

template <class Ph, class S>
class PhysicsAdjoint {
  static constexpr Channels kChannels = kChannelsOf<Ph, Answer<Ph>>;
  static constexpr int kOutputs = kEquationsOf<Ph, Answer<Ph>>;
  using Weights = S[kOutputs];

 public:
  static void gradient(const Plan<S>& plan, const S* in, const S* weights, S* out, S* gradient) {
    Weights of[1];
    std::copy_n(weights, kOutputs, of[0]);
    pull_back<S, 1>(plan, in, of, out, gradient);
  }

  static void jacobian(const Plan<S>& plan, const S* in, S* out, S* jacobian) {
    const int inputs = Ph::kCoords + plan.design_count;
    for (int first = 0; first < kOutputs; first += kRows) {
      Weights of[kRows] = {};
      S rows[kRows * (Ph::kCoords + kMaxInputs)];
      const int count = std::min(kRows, kOutputs - first);
      for (int r = 0; r < count; ++r) of[r][first + r] = 1;
      pull_back<S, kRows>(plan, in, of, out, rows);
      std::copy_n(rows, count * inputs, jacobian + first * inputs);
    }
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
    Weights of[1];
    std::copy_n(weights, kOutputs, of[0]);
    pull_back<D, 1>(plan, x, of, y, slope);
    for (int e = 0; e < kOutputs; ++e) out[e] = y[e].v;
    for (int i = 0; i < inputs; ++i) {
      gradient[i] = slope[i].v;
      curvature[i] = slope[i].d[0];
    }
  }

 private:
  /// Rows of the Jacobian that go back together: as many as the stack has room for.
  static constexpr int kRows = std::min({kOutputs, 4, 10 / kChannels.count});

  /// gradient[r][input]: the gradient of weights[r] . out, where a T may carry its own derivative along a direction.
  template <class T, int R>
  static void pull_back(const Plan<S>& plan, const T* in, const Weights (&weights)[R], T* out, T* gradient) {
    using H = Head<Ph, Answer<Ph>, T>;
    using Pass = ReversePass<T, kChannels, R>;
    const H head = head_at<Ph, Answer<Ph>, T>(plan, [&](int i) { return in[i]; });
    typename H::Entry net_in[kMaxInputs], net[Ph::kFields];
    typename Pass::InBars in_bar;
    network_inputs(plan, head, net_in);
    const auto seed_net = [&](typename Pass::OutBars& net_bar) { seed<T, R>(plan, in, net, weights, out, net_bar); };
    Pass::run(plan, net_in, net, seed_net, in_bar);
    through_ends<T, R>(plan, in, net, weights, in_bar, gradient);
  }

  /// The outputs, and how each weights[r] . out depends on what the network gives. The end of the network runs once for
  /// as many fields and channels as a register has lanes, each lane the derivative along one of them.
  template <class T, int R, class Bars>
  static void seed(const Plan<S>& plan, const T* in, const Taylor<T, kChannels>* net, const Weights (&weights)[R],
                   T* out, Bars& net_bar) {
    using Way = Spread<T>;
    using D = Dual<typename Way::Wide, 1>;
    constexpr int kLanes = Pack<S>::kLanes, kVariables = Ph::kFields * kChannels.count;
    const auto head = head_at<Ph, Answer<Ph>, typename Way::Wide>(plan, [&](int i) { return Way::broadcast(in[i]); });
    for (int first = 0; first < kVariables; first += kLanes) {
      Taylor<D, kChannels> dual[Ph::kFields];
      for (int v = 0; v < kVariables; ++v) {
        D& x = dual[v / kChannels.count].e[v % kChannels.count];
        x = D(Way::broadcast(net[v / kChannels.count].e[v % kChannels.count]));
        if (v >= first && v < first + kLanes) Way::set_lane(x.d[0], v - first, S(1));
      }
      const auto rows = head.template rows_of<D>(dual);
      for (int r = 0; r < R; ++r)
        for (int v = first; v < kVariables && v < first + kLanes; ++v) {
          T& bar = net_bar[r][v / kChannels.count].e[v % kChannels.count];
          bar = T(0);
          for (int e = 0; e < kOutputs; ++e) bar += Way::lane(rows[e].d[0], v - first) * T(weights[r][e]);
        }
      for (int e = 0; e < kOutputs; ++e) out[e] = Way::lane(rows[e].v, 0);
    }
  }

  /// What is left: the outputs depend on the inputs through both ends of the network, whose adjoints are now numbers.
  /// The ends run once for as many inputs as a register has lanes, each lane the derivative along one of them.
  template <class T, int R>
  static void through_ends(const Plan<S>& plan, const T* in, const Taylor<T, kChannels>* net,
                           const Weights (&weights)[R], const Taylor<T, kChannels> (&in_bar)[R][kMaxInputs],
                           T* gradient) {
    using Way = Spread<T>;
    using D = Dual<typename Way::Wide, 1>;
    constexpr int kLanes = Pack<S>::kLanes;
    const int inputs = Ph::kCoords + plan.design_count;
    for (int first = 0; first < inputs; first += kLanes) {
      const auto ends = head_at<Ph, Answer<Ph>, D>(plan, [&](int i) {
        D x(Way::broadcast(in[i]));
        if (i >= first && i < first + kLanes) Way::set_lane(x.d[0], i - first, S(1));
        return x;
      });
      Taylor<D, kChannels> entry[kMaxInputs], constant[Ph::kFields];
      network_inputs(plan, ends, entry);
      for (int f = 0; f < Ph::kFields; ++f)
        for (int k = 0; k < kChannels.count; ++k) constant[f].e[k] = D(Way::broadcast(net[f].e[k]));
      const auto rows = ends.residual(constant);
      for (int r = 0; r < R; ++r) {
        typename Way::Wide sum(0);
        for (int e = 0; e < kOutputs; ++e) sum += rows[e].d[0] * typename Way::Wide(Pack<S>(weights[r][e]));
        for (int i = 0; i < plan.inputs(); ++i)
          for (int k = 0; k < kChannels.count; ++k) sum += entry[i].e[k].d[0] * Way::broadcast(in_bar[r][i].e[k]);
        for (int i = first; i < inputs && i < first + kLanes; ++i) gradient[r * inputs + i] = Way::lane(sum, i - first);
      }
    }
  }
};

template <class Ph, class S>
inline constexpr Adjoint<S> kAdjoint = {PhysicsAdjoint<Ph, S>::gradient, PhysicsAdjoint<Ph, S>::jacobian,
                                        PhysicsAdjoint<Ph, S>::curvature};

}  // namespace residua::inline RESIDUA_ISA

namespace residua::RESIDUA_ISA {

template <class S>
const Adjoint<S>* adjoint(int physics) {
  const Adjoint<S>* found = nullptr;
  visit_physics(physics, [&]<class Ph>() { found = &kAdjoint<Ph, S>; });
  return found;
}
template const Adjoint<float>* adjoint(int);
template const Adjoint<double>* adjoint(int);

}  // namespace residua::RESIDUA_ISA
