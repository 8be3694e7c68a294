#pragma once
#include <string_view>

namespace residua {

/// Which values of a parameter the equations make sense for, whatever its default range: of most only those that are
/// not negative (diffusion, capacities, resistances, rates), of a share of something those up to one.
enum class Domain { not_negative, share, any };

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
  Domain domain = Domain::not_negative;  ///< of a parameter whose default range is not negative
};

}  // namespace residua
