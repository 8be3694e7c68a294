// Compiled once per instruction set.
#include "surrogates/evaluator.hpp"

#include <cstddef>

#include "kernels/core/pack.hpp"
#include "kernels/head.hpp"
#include "kernels/mlp.hpp"
#include "kernels/registry.hpp"

namespace residua::inline RESIDUA_ISA {

/// How the scalar T, in which the two ends of the network run, spreads over columns of values for the layers: a value
/// and its derivatives along directions (a dual), or the values at several points (a pack), or just one value.
/// Inside the layers neurons lie along the registers, and `Wide` is there what T is at the ends.
template <class T>
struct Spread;

template <Real S>
struct Spread<S> {
  using Wide = Pack<S>;
  static constexpr int kPoints = 1, kParts = 1;
  static S get(const S& t, int, int) { return t; }
  static void set(S& t, int, int, S value) { t = value; }
  static Pack<S> widen(const S* column, int) { return Pack<S>::load(column); }
  static void narrow(const Pack<S>& wide, S* column, int) { wide.store(column); }
};

template <Real S>
struct Spread<Pack<S>> {
  using Wide = Pack<S>;
  static constexpr int kPoints = Pack<S>::kLanes, kParts = 1;
  static S get(const Pack<S>& t, int point, int) { return t[point]; }
  static void set(Pack<S>& t, int point, int, S value) { t.set(point, value); }
  static Pack<S> widen(const S* column, int) { return Pack<S>::load(column); }
  static void narrow(const Pack<S>& wide, S* column, int) { wide.store(column); }
};

template <Real S, int N>
struct Spread<Dual<S, N>> {
  using Wide = Dual<Pack<S>, N>;
  static constexpr int kPoints = 1, kParts = 1 + N;
  static S get(const Dual<S, N>& t, int, int part) { return part == 0 ? t.v : t.d[part - 1]; }
  static void set(Dual<S, N>& t, int, int part, S value) { (part == 0 ? t.v : t.d[part - 1]) = value; }
  static Wide widen(const S* column, int stride) {
    Wide wide(Pack<S>::load(column));
    for (int n = 0; n < N; ++n) wide.d[n] = Pack<S>::load(column + (n + 1) * stride);
    return wide;
  }
  static void narrow(const Wide& wide, S* column, int stride) {
    wide.v.store(column);
    for (int n = 0; n < N; ++n) wide.d[n].store(column + (n + 1) * stride);
  }
};

/// The network between its two ends, on columns [point][channel][part] of one value per neuron.
template <class T, Channels C>
class Layers {
  using S = Base<T>;
  using V = Pack<S>;
  using Way = Spread<T>;
  static constexpr int kPerPoint = C.count * Way::kParts, kColumns = Way::kPoints * kPerPoint;
  static constexpr int kLanes = V::kLanes;
  /// Columns that share a weight in a register: the largest divisor of their number that leaves registers for it.
  static constexpr int kGroup = [] {
    int group = kColumns < 9 ? kColumns : 9;
    while (kColumns % group != 0) --group;
    return group;
  }();

 public:
  static constexpr std::size_t kStackBytes = 2 * sizeof(S) * kColumns * kMaxWidth;

  /// `in` [network inputs] to `out` [network outputs].
  static void run(const Plan<S>& plan, const Taylor<T, C>* in, Taylor<T, C>* out) {
    const MlpShape& shape = plan.network.shape;
    alignas(64) S buffer[2][kColumns * kMaxWidth];
    int stride = padded_to_line<S>(shape.inputs);
    for (int point = 0; point < Way::kPoints; ++point)
      for (int k = 0; k < C.count; ++k)
        for (int part = 0; part < Way::kParts; ++part) {
          S* column = buffer[0] + (point * kPerPoint + k * Way::kParts + part) * stride;
          for (int i = 0; i < shape.inputs; ++i) column[i] = Way::get(in[i].e[k], point, part);
        }
    const S* weights = plan.packed;
    for (int l = 0; l < shape.layers(); ++l) {
      const S* a = buffer[l % 2];
      S* z = buffer[(l + 1) % 2];
      const int inputs = shape.fan_in(l), next = padded_to_line<S>(shape.fan_out(l));
      for (int column = 0; column < kColumns; column += kGroup)
        affine(weights, inputs, next, column, a + column * stride, stride, z + column * next);
      weights += (inputs + 1) * next;
      stride = next;
      if (l < shape.depth) activate_columns(shape.activation, z, stride);
    }
    const S* result = buffer[shape.layers() % 2];
    for (int f = 0; f < shape.outputs; ++f)
      for (int point = 0; point < Way::kPoints; ++point)
        for (int k = 0; k < C.count; ++k)
          for (int part = 0; part < Way::kParts; ++part)
            Way::set(out[f].e[k], point, part, result[(point * kPerPoint + k * Way::kParts + part) * stride + f]);
  }

 private:
  /// z = W a + b for one group of columns; b goes to the values, not to their derivatives.
  static void affine(const S* weights, int inputs, int outputs, int column, const S* a, int stride, S* z) {
    constexpr int kFit = (kVectorRegisters - 4) / kGroup;
    int o = 0;
    if constexpr (kFit >= 4)
      for (; o + 4 * kLanes <= outputs; o += 4 * kLanes)
        block<4>(weights + o, inputs, outputs, column, a, stride, z + o);
    if constexpr (kFit >= 2)
      for (; o + 2 * kLanes <= outputs; o += 2 * kLanes)
        block<2>(weights + o, inputs, outputs, column, a, stride, z + o);
    for (; o < outputs; o += kLanes) block<1>(weights + o, inputs, outputs, column, a, stride, z + o);
  }

  /// kPacks registers of neurons. Where these are few, each sum is split into kSplit, since an addition must wait for
  /// the one before it.
  template <int kPacks>
  static void block(const S* weights, int inputs, int outputs, int column, const S* a, int stride, S* z) {
    constexpr int kSums = kPacks * kGroup, kSplit = kSums >= 8 ? 1 : kSums >= 4 ? 2 : 4;
    const S* bias = weights + inputs * outputs;
    V sum[kSplit][kGroup][kPacks];
    for (auto& split : sum)
      for (auto& group : split)
        for (V& v : group) v = V(0);
    for (int c = 0; c < kGroup; ++c)
      if ((column + c) % kPerPoint == 0)
        for (int b = 0; b < kPacks; ++b) sum[0][c][b] = V::load(bias + b * kLanes);
    const auto add = [&](int i, int split) {
      V w[kPacks];
      for (int b = 0; b < kPacks; ++b) w[b] = V::load(weights + i * outputs + b * kLanes);
#pragma GCC unroll 16
      for (int c = 0; c < kGroup; ++c) {
        const V x(a[c * stride + i]);
#pragma GCC unroll 4
        for (int b = 0; b < kPacks; ++b) sum[split][c][b] = sum[split][c][b] + w[b] * x;
      }
    };
    int i = 0;
    for (; i + kSplit <= inputs; i += kSplit)
#pragma GCC unroll 4
      for (int split = 0; split < kSplit; ++split) add(i + split, split);
    for (; i < inputs; ++i) add(i, 0);
    for (int c = 0; c < kGroup; ++c)
      for (int b = 0; b < kPacks; ++b) {
        V total = sum[0][c][b];
        for (int split = 1; split < kSplit; ++split) total = total + sum[split][c][b];
        total.store(z + c * outputs + b * kLanes);
      }
  }

  static void activate_columns(Activation activation, S* z, int stride) {
    using W = typename Way::Wide;
    for (int point = 0; point < Way::kPoints; ++point)
      for (int o = 0; o < stride; o += kLanes) {
        S* column = z + point * kPerPoint * stride + o;
        W in[C.count], out[C.count];
        for (int k = 0; k < C.count; ++k) in[k] = Way::widen(column + k * Way::kParts * stride, stride);
        activate<Propagation{C}>(Tower<W, C.order() + 1>::at(activation, in[0]).d, static_cast<const W*>(nullptr), in,
                                 out);
        for (int k = 0; k < C.count; ++k) Way::narrow(out[k], column + k * Way::kParts * stride, stride);
      }
  }
};

/// What the surrogate of a physics answers where `input(i)` gives its inputs: coordinates, then design inputs.
template <class Ph, class T, class Input>
auto answer(const Plan<Base<T>>& plan, Input&& input) {
  using H = Head<Ph, Answer<Ph>, T>;
  H head;
  for (int c = 0; c < Ph::kCoords; ++c) head.x[c] = input(c);
  for (int q = 0; q < Ph::kParams; ++q) head.p[q] = T(plan.params[q]);
  for (int d = 0; d < plan.design_count; ++d) head.p[plan.design[d]] = input(Ph::kCoords + d);
  typename H::Entry in[kMaxInputs], net[Ph::kFields];
  head.inputs(
      plan.network, plan.design_count, [&](int d) { return head.p[plan.design[d]]; }, in);
  Layers<T, H::kChannels>::run(plan, in, net);
  return head.residual(net);
}

template <class Ph, class S>
class PhysicsEvaluator {
  static constexpr Channels kChannels = kChannelsOf<Ph, Answer<Ph>>;
  static constexpr int kOutputs = kEquationsOf<Ph, Answer<Ph>>;
  static constexpr int kStackLimit = 192 * 1024;  ///< leaves room for the rest of what an evaluation promises
 public:
  static void point(const Plan<S>& plan, const S* in, S* out) {
    const auto y = answer<Ph, S>(plan, [&](int i) { return in[i]; });
    for (int e = 0; e < kOutputs; ++e) out[e] = y[e];
  }

  static void jacobian(const Plan<S>& plan, const S* in, S* out, S* jacobian) {
    if constexpr (kChannels.count > 2)
      jacobian_along<2>(plan, in, out, jacobian);
    else if (Ph::kCoords + plan.design_count > 4)
      jacobian_along<8>(plan, in, out, jacobian);
    else
      jacobian_along<4>(plan, in, out, jacobian);
  }

  static void block(const Plan<S>& plan, const S* in, S* out) {
    using V = Pack<S>;
    if constexpr (Layers<V, kChannels>::kStackBytes <= kStackLimit) {
      for (int at = 0; at < kBlock; at += V::kLanes) {
        const auto y = answer<Ph, V>(plan, [&](int i) { return V::load(in + i * kBlock + at); });
        for (int e = 0; e < kOutputs; ++e) y[e].store(out + e * kBlock + at);
      }
    } else {
      for (int at = 0; at < kBlock; ++at) {
        const auto y = answer<Ph, S>(plan, [&](int i) { return in[i * kBlock + at]; });
        for (int e = 0; e < kOutputs; ++e) out[e * kBlock + at] = y[e];
      }
    }
  }

 private:
  /// Derivatives along N inputs at a time.
  template <int N>
  static void jacobian_along(const Plan<S>& plan, const S* in, S* out, S* jacobian) {
    using D = Dual<S, N>;
    static_assert(Layers<D, kChannels>::kStackBytes <= kStackLimit);
    const int inputs = Ph::kCoords + plan.design_count;
    for (int first = 0; first < inputs; first += N) {
      const auto y = answer<Ph, D>(
          plan, [&](int i) { return i >= first && i < first + N ? D::seed(in[i], i - first) : D(in[i]); });
      for (int e = 0; e < kOutputs; ++e) {
        out[e] = y[e].v;
        for (int i = first; i < inputs && i < first + N; ++i) jacobian[e * inputs + i] = y[e].d[i - first];
      }
    }
  }
};

template <class Ph, class S>
inline constexpr Evaluator<S> kEvaluator = {PhysicsEvaluator<Ph, S>::point, PhysicsEvaluator<Ph, S>::jacobian,
                                            PhysicsEvaluator<Ph, S>::block};

}  // namespace residua::inline RESIDUA_ISA

namespace residua::RESIDUA_ISA {

template <class S>
const Evaluator<S>* evaluator(int physics) {
  const Evaluator<S>* found = nullptr;
  int index = 0;
  for_each_physics([&]<class Ph>() {
    if (index++ == physics) found = &kEvaluator<Ph, S>;
  });
  return found;
}
template const Evaluator<float>* evaluator(int);
template const Evaluator<double>* evaluator(int);

}  // namespace residua::RESIDUA_ISA
