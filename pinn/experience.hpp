#pragma once
#include <string>

#include "datasets/table.hpp"
#include "surrogates/card.hpp"

namespace residua {

/// Where a plant has been working, from a table of operating points, a row each: the columns named as inputs of the
/// surrogate, in plant units; others are left alone. `source` says what the points are. Throws Error if no column is an
/// input, if there are too few rows for a covariance, or if columns do not vary independently.
Experience experience_of(const Table& table, const Card& card, const std::string& source);

}  // namespace residua
