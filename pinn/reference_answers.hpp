#pragma once
#include <span>
#include <string_view>
#include <vector>

#include "pinn/reference.hpp"
#include "surrogates/surrogate.hpp"

namespace residua {

/// The reference of a surrogate's physics, asked as the surrogate is: at any points, design inputs by point, everything
/// else as the surrogate holds it fixed.
class ReferenceAnswers {
 public:
  /// Throws Error if the physics has no reference.
  explicit ReferenceAnswers(const Surrogate& surrogate);

  /// Outputs on a grid of the coordinates, rows [outputs][points], for these values of the design inputs; all in plant
  /// units.
  std::vector<double> on(const Grid& grid, std::span<const double> design) const;

  /// Outputs, rows [outputs][n], for inputs, rows [inputs][n]; all in plant units. Points that differ in their first
  /// coordinate only come from one solution; every other point costs one of its own.
  std::vector<double> at(std::span<const double> inputs, std::size_t n) const;

  std::string_view name() const { return reference_.name; }

 private:
  const PhysicsInfo& physics_;
  const Reference& reference_;
  std::vector<std::size_t> design_;  ///< of each input behind the coordinates: its place among the parameters
  std::vector<double> params_;
};

}  // namespace residua
