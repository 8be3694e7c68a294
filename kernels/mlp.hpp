#pragma once
#include "kernels/core/taylor.hpp"
#include "kernels/points.hpp"

namespace residua::inline RESIDUA_ISA {

/// An activation and its first three derivatives at z.
template <class T>
struct ActivationJet {
  T f, d1, d2, d3;

  RESIDUA_HD static ActivationJet at(Activation activation, const T& z) {
    switch (activation) {
      case Activation::sin: {
        const T s = sin(z), c = cos(z);
        return {s, c, -s, -c};
      }
      case Activation::silu: {
        const T g = 1 / (1 + exp(-z)), p = g * (1 - g);
        return {z * g, g + z * p, p * (2 + z * (1 - 2 * g)), p * (3 * (1 - 2 * g) + z * (1 - 6 * p))};
      }
      case Activation::tanh:
        break;
    }
    const T t = tanh(z), d1 = 1 - t * t;
    return {t, d1, -2 * (t * d1), d1 * (6 * (t * t) - 2)};
  }
};

/// Activation on a jet: a = f(z), a_i = f' z_i, a_ij = f' z_ij + f'' z_i z_j.
template <class T, Channels C>
RESIDUA_HD void activate(const ActivationJet<T>& f, const T (&z)[C.count], T (&a)[C.count]) {
  a[0] = f.f;
  for (int k = 1; k < C.count; ++k) a[k] = f.d1 * z[k];
  for (int k = C.first_order + 1; k < C.count; ++k) a[k] = a[k] + f.d2 * (z[C.first(C.i[k])] * z[C.first(C.j[k])]);
}

/// The reverse of `activate`: from adjoints a_bar of a to adjoints z_bar of z (z[0] is not read).
template <class T, Channels C>
RESIDUA_HD void activate_reverse(const ActivationJet<T>& f, const T (&z)[C.count], const T (&a_bar)[C.count],
                                 T (&z_bar)[C.count]) {
  z_bar[0] = f.d1 * a_bar[0];
  for (int k = 1; k < C.count; ++k) {
    z_bar[k] = f.d1 * a_bar[k];
    z_bar[0] = z_bar[0] + f.d2 * (a_bar[k] * z[k]);
  }
  for (int k = C.first_order + 1; k < C.count; ++k) {
    const int i = C.first(C.i[k]), j = C.first(C.j[k]);
    const T curved = f.d2 * a_bar[k];
    z_bar[i] = z_bar[i] + curved * z[j];
    z_bar[j] = z_bar[j] + curved * z[i];
    z_bar[0] = z_bar[0] + f.d3 * (a_bar[k] * (z[i] * z[j]));
  }
}

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
        const T z0 = sum.e[0];
        Taylor<T, C> activated;
        activate<T, C>(ActivationJet<T>::at(shape.activation, z0), sum.e, activated.e);
        sum = activated;
      }
      z[o] = sum;
    }
    a = z;
  }
}

}  // namespace residua::inline RESIDUA_ISA
