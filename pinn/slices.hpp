#pragma once
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "pinn/plot.hpp"
#include "surrogates/surrogate.hpp"

namespace residua {

/// An output of the surrogate (empty: the first) along its first coordinate, a curve for each of a few values of the
/// second one, with points of the reference where the toolkit has one. Inputs named in `at` have those values, the
/// others those of the default case. Throws Error for names that the surrogate does not have.
LineChart slices(const Surrogate& surrogate, const std::string& output,
                 const std::vector<std::pair<std::string, double>>& at);

/// |surrogate - reference| over the first two coordinates, any third one in the middle of its range; nothing where
/// there is no reference or only one coordinate.
std::optional<HeatMap> error_map(const Surrogate& surrogate, const std::string& output,
                                 const std::vector<std::pair<std::string, double>>& at);

}  // namespace residua
