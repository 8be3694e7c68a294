// Compiled once per instruction set.
#include "kernels/weight_panels.hpp"

#include "kernels/dense.hpp"

namespace residua::inline RESIDUA_ISA {

template <class S>
std::size_t packed_size(const MlpShape& shape) {
  std::size_t size = 0;
  for (int l = 0; l < shape.depth; ++l) size += std::size_t(shape.fan_in(l)) * padded<S>(shape.width);
  for (int l = 1; l <= shape.depth; ++l) size += std::size_t(shape.fan_out(l)) * padded<S>(shape.width);
  return size + std::size_t(shape.depth + shape.outputs) * padded<S>(shape.width);
}

template <class S>
void pack_weights(const MlpShape& shape, const S* weights, S* to) {
  for (int l = 0; l < shape.layers(); ++l) {
    const int in = shape.fan_in(l), out = shape.fan_out(l);
    const S *w = weights + shape.offset(l), *bias = w + std::ptrdiff_t(in) * out;
    if (l < shape.depth) {
      to = pack_panels(to, in, out, [=](int i, int o) { return w[o * in + i]; });
      to = pack_panels(to, 1, out, [=](int, int o) { return bias[o]; });
    } else {
      for (int o = 0; o < out; ++o) to = pack_panels(to, 1, in, [=](int, int i) { return w[o * in + i]; });
    }
    if (l > 0) to = pack_panels(to, out, in, [=](int o, int i) { return w[o * in + i]; });
  }
}

template <class S>
WeightPanels<S>::WeightPanels(const MlpShape& shape, const S* weights, const S* packed) {
  const std::size_t wide = std::size_t(padded<S>(shape.width));
  for (int l = 0; l < shape.layers(); ++l) {
    forward[l] = packed;
    packed += wide * std::size_t(l < shape.depth ? shape.fan_in(l) : shape.outputs);
    if (l < shape.depth) {
      bias[l] = packed;
      packed += wide;
    } else {
      bias[l] = weights + shape.offset(l) + std::ptrdiff_t(shape.width) * shape.outputs;
    }
    transposed[l] = packed;
    if (l > 0) packed += wide * std::size_t(shape.fan_out(l));
  }
}

template <class S>
std::size_t gradient_size(const MlpShape& shape, int layer) {
  const int in = shape.fan_in(layer), out = shape.fan_out(layer);
  return layer == 0 ? std::size_t(in + 1) * padded<S>(out) : std::size_t(out) * padded<S>(in) + padded<S>(out);
}

template <class S>
std::size_t gradient_size(const MlpShape& shape) {
  std::size_t size = 0;
  for (int l = 0; l < shape.layers(); ++l) size += gradient_size<S>(shape, l);
  return size;
}

template <class S>
void add_gradient(const MlpShape& shape, const S* from, S* to) {
  for (int l = 0; l < shape.layers(); ++l) {
    const int in = shape.fan_in(l), out = shape.fan_out(l), rows = l == 0 ? in : out;
    const int stride = padded<S>(l == 0 ? out : in);
    for (int o = 0; o < out; ++o)
      for (int i = 0; i < in; ++i) *to++ += l == 0 ? from[i * stride + o] : from[o * stride + i];
    for (int o = 0; o < out; ++o) *to++ += from[rows * stride + o];
    from += gradient_size<S>(shape, l);
  }
}

template struct WeightPanels<float>;
template struct WeightPanels<double>;
template std::size_t packed_size<float>(const MlpShape&);
template std::size_t packed_size<double>(const MlpShape&);
template void pack_weights(const MlpShape&, const float*, float*);
template void pack_weights(const MlpShape&, const double*, double*);
template std::size_t gradient_size<float>(const MlpShape&);
template std::size_t gradient_size<double>(const MlpShape&);
template std::size_t gradient_size<float>(const MlpShape&, int);
template std::size_t gradient_size<double>(const MlpShape&, int);
template void add_gradient(const MlpShape&, const float*, float*);
template void add_gradient(const MlpShape&, const double*, double*);

}  // namespace residua::inline RESIDUA_ISA
