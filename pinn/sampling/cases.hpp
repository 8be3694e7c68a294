#pragma once
#include <cstdint>
#include <vector>

namespace residua {

/// Points [rows][n] in so many cases: their rows from `first` on become the same for all points of a run of n / cases,
/// those of the first points. A branch is then evaluated once for each run.
void share_cases(std::vector<double>& unit, std::int64_t n, int first, int cases);

}  // namespace residua
