#pragma once
#include "kernels/points.hpp"

namespace residua {

/// Values of type S in a cache line, to which the rows of packed weights are padded.
template <class S>
inline constexpr int kLine = 64 / int(sizeof(S));
template <class S>
constexpr int padded_to_line(int n) {
  return (n + kLine<S> - 1) / kLine<S> * kLine<S>;
}

/// Values in a layer of packed weights.
template <class S>
constexpr int packed_size(const MlpShape& shape, int layer) {
  return (shape.fan_in(layer) + 1) * padded_to_line<S>(shape.fan_out(layer));
}

/// The same for the weights alone, transposed.
template <class S>
constexpr int transposed_size(const MlpShape& shape, int layer) {
  return shape.fan_out(layer) * padded_to_line<S>(shape.fan_in(layer));
}

/// Coordinates and design inputs of any surrogate.
inline constexpr int kMaxVariables = 4 + kMaxInputs;

/// Bytes of stack for the columns of one evaluation; leaves room for the rest of what Surrogate promises.
inline constexpr int kStackLimit = 192 * 1024;

template <class S>
struct Plan;

/// Points in a block of the batch evaluation.
inline constexpr int kBlock = 16;

/// A function that writes adjoints, so many rows from the first on, whatever its type.
template <class Row>
class Seed {
 public:
  template <class F>
  Seed(const F& write) : write_(&write), call_([](const void* f, Row* rows) { (*static_cast<const F*>(f))(rows); }) {}
  void operator()(Row* rows) const { call_(write_, rows); }

 private:
  const void* write_;
  void (*call_)(const void*, Row*);
};

/// The network between its two ends, there and back, compiled for one instruction set. What enters and leaves it are
/// rows [input or output][channel], where the channels are those of the network that the answer of a physics reads.
/// Found by residua::<instruction set>::passes<S>(position of the physics in the registry), null beyond the last.
template <class S>
struct Passes {
  void (*point)(const Plan<S>&, const S* in, S* out);
  void (*block)(const Plan<S>&, const S* in, S* out);  ///< rows [..][..][kBlock]

  /// `seed` writes the adjoints of `out` once it is known, [adjoint][kMaxFields][channel]; those of `in` are
  /// in_bar[adjoint][kMaxInputs][channel].
  using Reverse = void(const Plan<S>&, const S* in, S* out, Seed<S> seed, S* in_bar);
  Reverse* one;      ///< with one adjoint
  Reverse* several;  ///< with kTogether of them (surrogates/ends.hpp)
  Reverse* along;    ///< one, where each value is two: itself and its derivative along a direction
};

/// A network and its parameters as the evaluators read them; dimensionless.
template <class S>
struct Plan {
  Network<S> network;  ///< its weights are not read
  /// The weights, for each layer [in][padded out] and the biases [padded out], aligned to a line: neurons of a layer
  /// are what the vector registers run along.
  const S* packed;
  const S* transposed;  ///< the weights again, for each layer [out][padded in]: the way back runs along its inputs
  const S* params;      ///< [params of the physics]
  const int* design;    ///< [design_count], positions in the parameters
  int design_count;
  const Passes<S>* passes;  ///< null where only the equations are asked for
  /// What answers the last layer of the network, which `packed` then ends before, from the design inputs; or null.
  const Plan* branch = nullptr;

  /// Features and design inputs, as `center` and `scale` of the network have them.
  int inputs() const { return network.shape.inputs + (branch ? branch->network.shape.inputs : 0); }
};

/// What the surrogate of one physics answers, by the passes of a plan; dimensionless. Here are the ends of the network,
/// which are compiled for one instruction set that every machine has: they are many, and take little of the time.
template <class S>
struct Evaluator {
  void (*point)(const Plan<S>&, const S* in, S* out);
  void (*block)(const Plan<S>&, const S* in, S* out);  ///< in[input][kBlock], out[output][kBlock]
};

/// Of the physics at this position in the registry; null beyond the last.
template <class S>
const Evaluator<S>* evaluator(int physics);

/// The derivatives of the same, found on the way back through the network. `weights` [output] makes one function of
/// the outputs, weights . out, whose gradient and curvature are meant.
template <class S>
struct Adjoint {
  /// gradient[input] = sum over the outputs of weights[output] * d out[output] / d in[input]
  void (*gradient)(const Plan<S>&, const S* in, const S* weights, S* out, S* gradient);
  void (*jacobian)(const Plan<S>&, const S* in, S* out, S* jacobian);  ///< jacobian[output][input]
  /// The gradient, and its derivative along `direction` [input].
  void (*curvature)(const Plan<S>&, const S* in, const S* weights, const S* direction, S* out, S* gradient,
                    S* curvature);
};

template <class S>
const Adjoint<S>* adjoint(int physics);

}  // namespace residua
