#pragma once
#include "kernels/activation.hpp"

namespace residua::inline RESIDUA_ISA {

/// The network on jets, plainly: one point, any scalar T, no tiling. The slow reference that every kernel is judged by,
/// and the way to differentiate a surrogate in its inputs (T a dual). `in` [inputs] -> `out` [outputs].
template <class T, Channels C, class S>
RESIDUA_HD void mlp(const MlpShape& shape, const S* weights, const Taylor<T, C>* in, Taylor<T, C>* out) {
  Taylor<T, C> layer[2][kMaxWidth];
  const Taylor<T, C>* a = in;
  for (int l = 0; l < shape.layers(); ++l) {
    const int inputs = shape.fan_in(l), outputs = shape.fan_out(l);
    const S *w = weights + shape.offset(l), *bias = w + std::int64_t(inputs) * outputs;
    Taylor<T, C>* z = l == shape.depth ? out : layer[l % 2];
    for (int o = 0; o < outputs; ++o) {
      Taylor<T, C> sum{T(bias[o])};
      for (int i = 0; i < inputs; ++i)
        for (int k = 0; k < C.count; ++k) sum.e[k] = sum.e[k] + T(w[o * inputs + i]) * a[i].e[k];
      if (l < shape.depth) {
        if (shape.activation == Activation::tanh_slope)
          for (T& e : sum.e) e = e * T(weights[shape.slope(l)]);
        Taylor<T, C> activated;
        activate<Propagation{C}>(Tower<T, C.order() + 1>::at(shape.activation, sum.e[0]).d,
                                 static_cast<const T*>(nullptr), sum.e, activated.e);
        sum = activated;
      }
      z[o] = sum;
    }
    a = z;
  }
}

}  // namespace residua::inline RESIDUA_ISA
