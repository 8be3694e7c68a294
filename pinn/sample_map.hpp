#pragma once
#include <string>
#include <vector>

#include "pinn/points_in_use.hpp"

namespace residua {

/// Where a run puts its points, as panels for save_panels(): the points of every term over the first two coordinates,
/// if there are two, and how densely those of the interior lie along each input, relative to even. None before the
/// first points are drawn.
std::vector<std::string> sample_map(const std::vector<TermPoints>& points, const Problem& problem);

/// How many of the values fall into each of `bins` equal parts of the range, relative to the same number in each;
/// values outside count in the nearest part.
std::vector<double> relative_density(const std::vector<double>& values, const Range& range, std::size_t bins);

}  // namespace residua
