// The network between its ends. Compiled once per instruction set.
#include "kernels/registry.hpp"
#include "surrogates/ends.hpp"
#include "surrogates/point_lanes.hpp"
#include "surrogates/reverse_pass.hpp"

namespace residua::inline RESIDUA_ISA {

template <class S, Channels C>
class ForwardPass {
 public:
  static void point(const Plan<S>& plan, const S* in, S* out) {
    using Entry = Taylor<S, C>;
    Layers<S, C>::run(plan, reinterpret_cast<const Entry*>(in), reinterpret_cast<Entry*>(out));
  }

  static void block(const Plan<S>& plan, const S* in, S* out) {
    using Lanes = PointLanes<S, C, kPacks>;
    if (plan.network.shape.width <= Lanes::kMostWidth) {
      for (int at = 0; at < kBlock; at += Lanes::kPoints) Lanes::run(plan, in + at, C.count, out + at, kBlock);
    } else {
      for (int at = 0; at < kBlock; ++at) one_of_block(plan, in + at, out + at);
    }
  }

 private:
  /// Registers of points: two of them, if the block has so many, and the buffers room for wide layers.
  static constexpr int kPacks = 2 * Pack<S>::kLanes <= kBlock && C.count <= 4 ? 2 : 1;

  static void one_of_block(const Plan<S>& plan, const S* in, S* out) {
    Taylor<S, C> x[kMaxInputs], y[kMaxFields];
    for (int row = 0; row < plan.inputs() * C.count; ++row) x[row / C.count].e[row % C.count] = in[row * kBlock];
    Layers<S, C>::run(plan, x, y);
    for (int row = 0; row < plan.network.shape.outputs * C.count; ++row)
      out[row * kBlock] = y[row / C.count].e[row % C.count];
  }
};

template <class T, Channels C, int R>
void reverse(const Plan<Base<T>>& plan, const Base<T>* in, Base<T>* out, Seed<Base<T>> seed, Base<T>* in_bar) {
  using Pass = ReversePass<T, C, R>;
  using Entry = Taylor<T, C>;
  Pass::run(
      plan, reinterpret_cast<const Entry*>(in), reinterpret_cast<Entry*>(out),
      [&](typename Pass::OutBars* out_bar) { seed(flat(out_bar[0])); },
      reinterpret_cast<typename Pass::InBars*>(in_bar));
}

template <class S, Channels C, int R>
inline constexpr Passes<S> kPasses = {ForwardPass<S, C>::point, ForwardPass<S, C>::block, reverse<S, C, 1>,
                                      reverse<S, C, R>, reverse<Dual<S, 1>, C, 1>};

}  // namespace residua::inline RESIDUA_ISA

namespace residua::RESIDUA_ISA {

template <class S>
const Passes<S>* passes(int physics) {
  const Passes<S>* found = nullptr;
  visit_physics(physics, [&]<class Ph>() { found = &kPasses<S, kAnswerChannels<Ph>, kTogether<Ph>>; });
  return found;
}
template const Passes<float>* passes(int);
template const Passes<double>* passes(int);

}  // namespace residua::RESIDUA_ISA
