#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "kernels/points.hpp"

namespace residua {

/// A network of a surrogate. Without a branch it is a perceptron of features and design inputs. With one, a trunk that
/// sees the features alone and whose last layer is what the branch answers to the design inputs (DeepONet: Lu et al.,
/// Nat. Mach. Intell. 3 (2021) 218; physics-informed: Wang, Wang & Perdikaris, Sci. Adv. 7 (2021) eabi8605): one that
/// is evaluated once for all points of a case, and that no derivative goes through. Its parameters are one flat vector:
/// those of the perceptron; or those of the trunk before its last layer, then those of the branch. The branch's outputs
/// are the last layer as a perceptron holds it, weights [out][in], then biases.
struct NetworkShape {
  MlpShape trunk;
  std::optional<MlpShape> branch;

  NetworkShape() = default;
  NetworkShape(const MlpShape& network, const std::optional<MlpShape>& completed_by = {})
      : trunk(network), branch(completed_by) {}

  /// Parameters of the trunk that no case changes.
  std::int64_t shared() const { return branch ? trunk.offset(trunk.depth) : trunk.parameters(); }
  std::int64_t parameters() const { return shared() + (branch ? branch->parameters() : 0); }
  /// Features and design inputs.
  int inputs() const { return trunk.inputs + (branch ? branch->inputs : 0); }

  /// Weights [out][in] and biases [out] of a layer, from `offset` on.
  struct Layer {
    std::int64_t offset;
    int in, out;
    bool hidden;  ///< neither the first nor the last of its part
  };
  /// All layers that are trained, in the order of the parameters.
  std::vector<Layer> layers() const {
    std::vector<Layer> all;
    const auto add = [&](const MlpShape& part, std::int64_t from, int count) {
      for (int l = 0; l < count; ++l)
        all.push_back({from + part.offset(l), part.fan_in(l), part.fan_out(l), l > 0 && l < part.depth});
    };
    add(trunk, 0, branch ? trunk.depth : trunk.layers());
    if (branch) add(*branch, shared(), branch->layers());
    return all;
  }

  /// A branch that answers the last layer of a trunk.
  static MlpShape branch_of(const MlpShape& trunk, int inputs, int width, int depth) {
    return {inputs, width, depth, int(trunk.parameters() - trunk.offset(trunk.depth)), Activation::tanh};
  }
};

}  // namespace residua
