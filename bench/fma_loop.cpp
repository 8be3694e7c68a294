#include "bench/fma_loop.hpp"

namespace residua::RESIDUA_ISA {

template <class S>
FmaLoop<S> fma_loop(long rounds, S factor, S term) {
  using V = Pack<S>;
  constexpr int kChains = 12;  // a core needs 8 to 10 FMAs under way, and 16 registers must hold them and the operands
  const V a(factor), b(term);
  V x[kChains];
  for (V& v : x) v = V(0);
  for (long round = 0; round < rounds; ++round)
#pragma GCC unroll 12
    for (V& v : x) v = v * a + b;
  S sum = 0;
  for (const V& v : x) sum += v.sum();
  return {sum / (kChains * V::kLanes), 2. * kChains * V::kLanes * double(rounds)};
}
template FmaLoop<float> fma_loop(long, float, float);
template FmaLoop<double> fma_loop(long, double, double);

}  // namespace residua::RESIDUA_ISA
