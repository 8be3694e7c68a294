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

/// What of a model its ends depend on.
struct EndsToRecord {
  MlpShape shape;
  std::vector<int> design;     ///< positions of the design inputs in the parameters
  std::vector<double> params;  ///< of the physics; those of design inputs are not read
};

/// Runs the physics at this position in the registry on scalars of an empty tape. Throws Error if its answer reads
/// derivatives of the network beyond the first.
RecordedAnswer record_ends(int physics, const EndsToRecord& ends, Tape& tape);

/// Runs the physics of a checked model on scalars of an empty tape. Throws Error if its answer reads derivatives of the
/// network beyond the first.
RecordedAnswer record_answer(const Model& model, Tape& tape);

}  // namespace residua
