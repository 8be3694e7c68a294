#pragma once
#include <string_view>

namespace residua {

/// Which values of a parameter or coordinate the equations make sense for, whatever its default range.
enum class Domain {
  not_negative,  ///< most: times, lengths, diffusivities, rates
  positive,      ///< what something is divided by
  share,         ///< from nothing of something, 0, to all of it, 1
  inner_share,   ///< some of it, and not all: both 0 and 1 are excluded
  any
};

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
  Domain domain = Domain::not_negative;  ///< of a quantity whose default range is not negative; else any
};

}  // namespace residua
