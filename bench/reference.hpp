#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "bench/problem.hpp"

namespace residua::bench {

// The slow reference, in double: point by point, without tiles, packs or threads.

/// Residuals of the term at chosen points with the network's weights replaced by `weights`: [equations][sample].
std::vector<double> reference_rows(const Problem& problem, std::span<const double> weights,
                                   std::span<const std::int64_t> sample);

/// The residual without its network at chosen points: jet [jet rows][n] to rows [equations][sample].
std::vector<double> reference_residual(const Problem& problem, std::span<const double> jet,
                                       std::span<const std::int64_t> sample);

}  // namespace residua::bench
