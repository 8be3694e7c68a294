#pragma once
#include <string_view>

namespace residua {

/// A named quantity of the plant: plant value = scale * the dimensionless value that the equations use. This table is
/// the one place where units are converted.
struct Quantity {
  std::string_view name;
  std::string_view unit;  ///< "-" when dimensionless
  std::string_view meaning;
  double scale = 1;
  double value = 0;  ///< default, in plant units
  double lower = 0;  ///< default range, in plant units
  double upper = 0;
};

}  // namespace residua
