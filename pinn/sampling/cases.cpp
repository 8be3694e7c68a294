#include "pinn/sampling/cases.hpp"

#include <algorithm>

namespace residua {

void share_cases(std::vector<double>& unit, std::int64_t n, int first, int cases) {
  const std::int64_t count = std::min<std::int64_t>(cases, n);
  for (auto row = unit.begin() + first * n; row != unit.end(); row += n) {
    const std::vector<double> of_case(row, row + count);
    for (std::int64_t c = 0; c < count; ++c)
      std::fill(row + n * c / count, row + n * (c + 1) / count, of_case[std::size_t(c)]);
  }
}

}  // namespace residua
