#pragma once
#include <cstddef>
#include <optional>
#include <span>

namespace residua {

/// A bound on the score of a new case, and how it did on cases that it was not found from.
struct ConformalBound {
  double bound = 0;
  double covered = 0;  ///< share of the other cases whose score is within it
};

/// Split conformal prediction (Vovk et al.; Lei et al., J. Am. Stat. Assoc. 113 (2018) 1094): with the first half of
/// the scores, one a case, the bound is their ceil((n + 1) coverage)-th smallest, which a new case drawn like them
/// keeps to with a chance of at least `coverage`, whatever the distribution. The second half tells whether it does.
/// Nothing if the cases are too few for that coverage: 18 are enough for 0.9.
std::optional<ConformalBound> conformal_bound(std::span<const double> scores, double coverage);

/// How many scores are within a bound; one that is not a number is not.
std::size_t count_within(std::span<const double> scores, double bound);

}  // namespace residua
