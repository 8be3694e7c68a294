// Compiled for the first instruction set only.
#include <algorithm>

#include "kernels/registry.hpp"
#include "surrogates/ends.hpp"
#include "surrogates/evaluator.hpp"
#include "surrogates/spread.hpp"

namespace residua {
namespace {

template <class Ph, class S>
class PhysicsAdjoint {
  static constexpr Channels kChannels = kAnswerChannels<Ph>;
  static constexpr int kOutputs = residua::kOutputs<Ph>, kRows = kTogether<Ph>;
  using Weights = S[kOutputs];
  template <class T>
  using Entry = Taylor<T, kChannels>;

 public:
  static void gradient(const Plan<S>& plan, const S* in, const S* weights, S* out, S* gradient) {
    Weights of;
    std::copy_n(weights, kOutputs, of);
    pull_back<S>(plan.passes->one, 1, plan, in, &of, out, gradient);
  }

  static void jacobian(const Plan<S>& plan, const S* in, S* out, S* jacobian) {
    const int inputs = Ph::kCoords + plan.design_count;
    for (int first = 0; first < kOutputs; first += kRows) {
      Weights of[kRows] = {};
      S rows[kRows * (Ph::kCoords + kMaxInputs)];
      const int count = std::min(kRows, kOutputs - first);
      for (int r = 0; r < count; ++r) of[r][first + r] = 1;
      pull_back<S>(plan.passes->several, kRows, plan, in, of, out, rows);
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
    Weights of;
    std::copy_n(weights, kOutputs, of);
    pull_back<D>(plan.passes->along, 1, plan, x, &of, y, slope);
    for (int e = 0; e < kOutputs; ++e) out[e] = y[e].v;
    for (int i = 0; i < inputs; ++i) {
      gradient[i] = slope[i].v;
      curvature[i] = slope[i].d[0];
    }
  }

 private:
  /// gradient[r][input]: the gradient of weights[r] . out, by a pass with so many rows r, where a T may carry its own
  /// derivative along a direction.
  template <class T>
  static void pull_back(typename Passes<S>::Reverse* pass, int rows, const Plan<S>& plan, const T* in,
                        const Weights* weights, T* out, T* gradient) {
    Entry<T> net_in[kMaxInputs], net[Ph::kFields], in_bar[kRows][kMaxInputs];
    network_inputs(plan, head_at<Ph, Answer<Ph>, T>(plan, [&](int i) { return in[i]; }), net_in);
    const auto write = [&](S* net_bar) {
      seed(rows, plan, in, net, weights, out, reinterpret_cast<Entry<T>(*)[kMaxFields]>(net_bar));
    };
    pass(plan, flat(net_in), flat(net), write, flat(in_bar[0]));
    through_ends(rows, plan, in, net, weights, in_bar, gradient);
  }

  /// The outputs, and how each weights[r] . out depends on what the network gives. The end of the network runs once for
  /// as many fields and channels as a register has lanes, each lane the derivative along one of them.
  template <class T>
  static void seed(int count, const Plan<S>& plan, const T* in, const Entry<T>* net, const Weights* weights, T* out,
                   Entry<T> (*net_bar)[kMaxFields]) {
    using Way = Spread<T>;
    using D = Dual<typename Way::Wide, 1>;
    constexpr int kLanes = Pack<S>::kLanes, kVariables = Ph::kFields * kChannels.count;
    const auto head = head_at<Ph, Answer<Ph>, typename Way::Wide>(plan, [&](int i) { return Way::broadcast(in[i]); });
    for (int first = 0; first < kVariables; first += kLanes) {
      Entry<D> dual[Ph::kFields];
      for (int v = 0; v < kVariables; ++v) {
        D& x = dual[v / kChannels.count].e[v % kChannels.count];
        x = D(Way::broadcast(net[v / kChannels.count].e[v % kChannels.count]));
        if (v >= first && v < first + kLanes) x.d[0] = Way::unit(v - first);
      }
      const auto rows = head.template rows_of<D>(dual);
      for (int r = 0; r < count; ++r)
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
  template <class T>
  static void through_ends(int count, const Plan<S>& plan, const T* in, const Entry<T>* net, const Weights* weights,
                           const Entry<T> (*in_bar)[kMaxInputs], T* gradient) {
    using Way = Spread<T>;
    using D = Dual<typename Way::Wide, 1>;
    constexpr int kLanes = Pack<S>::kLanes;
    const int inputs = Ph::kCoords + plan.design_count;
    for (int first = 0; first < inputs; first += kLanes) {
      const auto ends = head_at<Ph, Answer<Ph>, D>(plan, [&](int i) {
        D x(Way::broadcast(in[i]));
        if (i >= first && i < first + kLanes) x.d[0] = Way::unit(i - first);
        return x;
      });
      Entry<D> entry[kMaxInputs], constant[Ph::kFields];
      network_inputs(plan, ends, entry);
      for (int f = 0; f < Ph::kFields; ++f)
        for (int k = 0; k < kChannels.count; ++k) constant[f].e[k] = D(Way::broadcast(net[f].e[k]));
      const auto rows = ends.residual(constant);
      for (int r = 0; r < count; ++r) {
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
constexpr Adjoint<S> kAdjoint = {PhysicsAdjoint<Ph, S>::gradient, PhysicsAdjoint<Ph, S>::jacobian,
                                 PhysicsAdjoint<Ph, S>::curvature};

}  // namespace

template <class S>
const Adjoint<S>* adjoint(int physics) {
  const Adjoint<S>* found = nullptr;
  visit_physics(physics, [&]<class Ph>() { found = &kAdjoint<Ph, S>; });
  return found;
}
template const Adjoint<float>* adjoint(int);
template const Adjoint<double>* adjoint(int);

}  // namespace residua
