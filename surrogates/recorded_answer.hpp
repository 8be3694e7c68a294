#pragma once
#include <memory>
#include <vector>

#include "surrogates/model.hpp"
#include "surrogates/recorded.hpp"

namespace residua {

/// Both ends of the network of a model as steps on one tape; dimensionless. Its inputs are, in this order, the inputs
/// of the model, then the outputs of the network [fields][channels].
struct RecordedAnswer {
  std::unique_ptr<Tape> tape;
  int inputs = 0;                           ///< of the model
  int channels = 1;                         ///< the value, then first derivatives along coordinates
  std::vector<std::vector<Recorded>> seen;  ///< [inputs of the network][channels], neither shifted nor scaled
  std::vector<Recorded> outputs;
};

/// Runs the physics of a checked model on recorded scalars. Throws Error if its answer reads derivatives of the network
/// beyond the first.
RecordedAnswer record_answer(const Model& model);

}  // namespace residua
