// The network between its ends. Compiled once per instruction set.
#include "kernels/registry.hpp"
#include "surrogates/ends.hpp"
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
    using V = Pack<S>;
    if constexpr (Layers<V, C>::kStackBytes <= kStackLimit) {
      for (int at = 0; at < kBlock; at += V::kLanes)
        run<V>(
            plan, [&](int row) { return V::load(in + row * kBlock + at); },
            [&](int row, const V& value) { value.store(out + row * kBlock + at); });
    } else {
      for (int at = 0; at < kBlock; ++at)
        run<S>(
            plan, [&](int row) { return in[row * kBlock + at]; },
            [&](int row, S value) { out[row * kBlock + at] = value; });
    }
  }

 private:
  template <class T, class Read, class Write>
  static void run(const Plan<S>& plan, Read&& read, Write&& write) {
    Taylor<T, C> x[kMaxInputs], y[kMaxFields];
    for (int i = 0; i < plan.inputs(); ++i)
      for (int k = 0; k < C.count; ++k) x[i].e[k] = read(i * C.count + k);
    Layers<T, C>::run(plan, x, y);
    for (int f = 0; f < plan.network.shape.outputs; ++f)
      for (int k = 0; k < C.count; ++k) write(f * C.count + k, y[f].e[k]);
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
