#include "datasets/interpolate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

#include "kernels/core/error.hpp"

namespace residua {

Interpolated interpolate(std::span<const double> x, std::span<const double> y, double at) {
  const auto n = static_cast<std::ptrdiff_t>(x.size());
  if (n < 4 || y.size() != x.size())
    throw Error(fmt::format("interpolate: need four or more nodes with a value each, found {} and {}", n, y.size()));
  const std::ptrdiff_t above = std::upper_bound(x.begin(), x.end(), at) - x.begin();
  const std::ptrdiff_t first = std::clamp<std::ptrdiff_t>(above - 2, 0, n - 4);
  Interpolated result{0, 0};
  for (std::ptrdiff_t i = first; i < first + 4; ++i) {
    double basis = 1, slope = 0;  // product rule, factor by factor
    for (std::ptrdiff_t j = first; j < first + 4; ++j) {
      if (j == i) continue;
      const double per = 1 / (x[i] - x[j]);
      slope = slope * (at - x[j]) * per + basis * per;
      basis *= (at - x[j]) * per;
    }
    result.value += basis * y[i];
    result.slope += slope * y[i];
  }
  return result;
}

}  // namespace residua
