#pragma once
#include <map>
#include <string>
#include <vector>

#include "datasets/sobol.hpp"
#include "kernels/axis.hpp"
#include "kernels/catalog.hpp"
#include "kernels/points.hpp"
#include "pinn/run_file.hpp"
#include "pinn/samples.hpp"
#include "surrogates/network_shape.hpp"

namespace residua {

/// A physics over an operating envelope: which parameters are design inputs, their ranges, and what the network sees.
/// Immutable after construction; safe to share between threads.
class Problem {
 public:
  /// Throws Error for an envelope that the physics cannot have (unknown names are found earlier, in the run file).
  explicit Problem(const RunFile& run);

  /// The same network on other parameters: those named take values of their range there. What the network sees of them,
  /// and how it is normalised, stays.
  Problem within(const std::map<std::string, Range>& envelope) const;

  const PhysicsInfo& physics() const { return *physics_; }
  const std::vector<int>& design() const { return design_; }  ///< parameters that are design inputs, in order
  const std::vector<int>& design_row() const { return design_row_; }
  const std::vector<double>& params() const { return params_; }  ///< dimensionless; defaults where varied
  Range coord_range(int coord) const { return coord_ranges_[std::size_t(coord)]; }  ///< plant units
  Range design_range(int row) const { return design_ranges_[std::size_t(row)]; }    ///< plant units
  const NetworkShape& shape() const { return shape_; }
  std::int64_t parameters() const { return shape_.parameters(); }
  const std::vector<double>& center() const { return center_; }  ///< of features, then design inputs
  const std::vector<double>& scale() const { return scale_; }

  // Terms by their position; the number of terms stands for what the surrogate answers at the start of the time.
  // Points are spread as evenly as their unit points, but for the times of terms with a grading.

  std::int64_t equations(int term) const {
    const auto t = std::size_t(term);
    return t < physics_->terms.size() ? physics_->terms[t].equations : std::int64_t(physics_->outputs.size());
  }
  /// How the coordinates of a term's points are drawn, then the design inputs.
  std::vector<Axis> axes(int term) const;
  /// Dimensions that they are drawn in.
  int sample_dims(int term) const;
  /// The next n points of a term from the sequence.
  Samples sample(int term, Sobol& sequence, std::int64_t n) const;
  /// Points of a term from points of the unit cube, rows [sample_dims(term)][n].
  Samples sample(int term, const std::vector<double>& unit, std::int64_t n) const;

  // As the kernels see them: points, and a perceptron of the trunk's shape with its weights. They look at their
  // arguments and at this problem.

  Points<double> points(const Samples& samples) const;
  Network<double> network(const double* weights) const;

  /// Where a point lies, in plant units, for messages.
  std::string place_of(const Samples& samples, std::int64_t point) const;

 private:
  std::vector<Region> region(int term) const;
  void normalise_inputs();

  const PhysicsInfo* physics_;
  std::vector<int> design_, design_row_;
  std::vector<double> params_, center_, scale_;
  std::vector<Range> coord_ranges_, design_ranges_;
  std::vector<double> grading_;  ///< of each term
  NetworkShape shape_;
};

/// Independent points of the unit cube, rows [dims][n]; the same for the same seed everywhere.
std::vector<double> uniform_points(int dims, std::int64_t n, std::uint64_t seed);

/// Random initial weights (Glorot & Bengio 2010, normal), biases zero; the same for the same seed everywhere. A branch
/// starts near the last layer that the trunk would have without it.
std::vector<double> initial_weights(const NetworkShape& shape, std::uint64_t seed);

}  // namespace residua
