#pragma once
#include <cstdint>
#include <span>
#include <string>
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

/// What a fused pass found, in double.
struct Answer {
  std::vector<double> loss;      ///< [equations]
  std::vector<double> gradient;  ///< [parameters]
  std::vector<double> rows;      ///< [equations][n]
};

/// Relative errors that a pass may have: of residuals and loss, and of the slope along one direction.
struct Tolerance {
  double rows, gradient;
};
/// The second one of doubles is that of a difference quotient.
template <class S>
inline constexpr Tolerance kTolerance = sizeof(S) == sizeof(float) ? Tolerance{2e-4, 2e-3} : Tolerance{1e-11, 1e-6};

/// What is wrong with the answer; empty if nothing. All points have taken part, but only the sample had a weight, of
/// one: the reference then gives loss and gradient from the sample alone.
std::string mistake(const Problem& problem, std::span<const std::int64_t> sample, const Answer& answer,
                    Tolerance tolerance);

}  // namespace residua::bench
