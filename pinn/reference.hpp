#pragma once
#include <span>
#include <string_view>
#include <vector>

#include "kernels/catalog.hpp"

namespace residua {

/// A tensor grid over the coordinates of a physics, plant units; the last axis runs fastest.
struct Grid {
  std::vector<std::vector<double>> axes;

  std::size_t points() const;
  /// Coordinates of every grid point, rows [coords][points].
  std::vector<double> rows() const;
};

/// The trusted solution that surrogates of a physics are judged by: a closed form or an independent solver.
struct Reference {
  std::string_view name;  ///< for reports and the card

  /// Outputs of the physics on the grid, rows [outputs][points], for one set of its parameters; all in plant units.
  std::vector<double> (*solve)(std::span<const double> params, const Grid& grid);
};

/// The reference of a physics, or null if the toolkit has none.
const Reference* find_reference(std::string_view physics);

}  // namespace residua
