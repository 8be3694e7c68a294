#pragma once
#include <vector>

#include "surrogates/model.hpp"
#include "surrogates/recorded.hpp"

namespace residua {

/// Both ends of the network of a model as steps on one tape; dimensionless. The inputs of the tape are, in this order,
/// the inputs of the model, then the outputs of the network [fields][channels].
struct RecordedAnswer {
  int inputs = 0;                           ///< of the model
  int channels = 1;                         ///< the value, then first derivatives along coordinates
  std::vector<std::vector<Recorded>> seen;  ///< [inputs of the network][channels], neither shifted nor scaled
  std::vector<Recorded> outputs;
};

/// Runs the physics of a checked model on scalars of an empty tape. Throws Error if its answer reads derivatives of the
/// network beyond the first.
RecordedAnswer record_answer(const Model& model, Tape& tape);

}  // namespace residua
