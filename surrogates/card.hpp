#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace residua {

/// An input or output of a surrogate in plant units. For an input, `lower` and `upper` bound the operating envelope it
/// was trained on; for an output, the range it is expected in.
struct Variable {
  std::string name, unit;
  double lower = 0, upper = 0;
};

/// A parameter of the physics that the surrogate was trained at, in plant units.
struct FixedParameter {
  std::string name, unit;
  double value = 0;
};

/// Errors of one output against the reference. The first three are relative L2 norms, each over all points of a case.
struct OutputError {
  double median = 0;        ///< over the cases
  double worst = 0;         ///< over the cases
  double default_case = 0;  ///< of the case with every parameter at its default
  double max_abs = 0;       ///< largest error at any point of any case, in plant units
  /// What a new case drawn from the envelope keeps to at every point of the validation grid, with the
  /// chance Validation::coverage; plant units.
  double bound = 0;
  double covered = 0;  ///< share of cases that did, among those that the bound was not found from
};

/// How the surrogate compares with a reference that it was not trained on.
struct Validation {
  std::string reference;  ///< what it was compared with; empty: nothing yet
  std::int64_t cases = 0;
  std::vector<OutputError> outputs;  ///< in the order of the outputs; empty: not validated
  double coverage = 0;               ///< of the bounds, by split conformal prediction; 0: there are none
};

/// A file of data that took part in making a surrogate.
struct DatasetHash {
  std::string name, sha256;
};

/// A file that this one was made from.
struct Parent {
  std::string digest;  ///< its Card::digest
  std::string change;  ///< what was done to it, in a line
};

struct LossPoint {
  double step = 0, loss = 0;
};

/// Where a plant has been working, as far as it goes into a mean and a covariance: what tells a point that lies within
/// every single range but is a mixture the plant has never seen. Points are judged by their Mahalanobis distance.
struct Experience {
  std::string source;               ///< what the points are
  std::int64_t points = 0;          ///< how many went in; 0: none, and the rest is empty
  std::vector<std::string> inputs;  ///< names of the d inputs that the points have
  std::vector<double> mean;         ///< [d], plant units
  std::vector<double> covariance;   ///< [d][d], plant units, positive definite
  double usual = 0;                 ///< the distance within which 99 % of the points lie
};

/// Where the surrogate comes from.
struct Provenance {
  std::string run_file;      ///< the whole text of the file that described the training run
  std::string code_version;  ///< of the program that trained it
  std::string created;       ///< ISO 8601, UTC: 2026-01-31T12:00:00Z
  std::vector<DatasetHash> datasets;
  std::int64_t seed = 0;
  double training_seconds = 0;
  std::vector<LossPoint> loss_history;  ///< thinned out
  std::vector<Parent> parents;          ///< oldest first
};

/// Who signed the file, as checked when it was loaded.
struct Signature {
  std::string key;   ///< the public Ed25519 key in hexadecimal digits; empty: not signed
  std::string name;  ///< what the list of trusted keys calls it; empty: not on the list
};

/// What a surrogate file says about itself.
struct Card {
  std::string physics;
  int format_version = 0;
  int members = 1;  ///< networks, trained from different starts, whose mean is the answer: an ensemble if more than one
  std::vector<Variable> inputs;  ///< the coordinates of the physics, then the design inputs
  std::vector<Variable> outputs;
  std::vector<FixedParameter> fixed;  ///< all other parameters of the physics
  Experience experience;
  Validation validation;
  Provenance provenance;
  std::string digest;  ///< BLAKE2b-256 of the file's content in hexadecimal digits, as checked when it was loaded
  Signature signature;
};

}  // namespace residua
