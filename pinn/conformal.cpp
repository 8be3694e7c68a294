#include "pinn/conformal.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace residua {

std::optional<ConformalBound> conformal_bound(std::span<const double> scores, double coverage) {
  const std::size_t half = scores.size() / 2, rank = std::size_t(std::ceil(double(half + 1) * coverage - 1e-12));
  if (rank > half || rank == 0) return std::nullopt;
  std::vector<double> sorted(scores.begin(), scores.begin() + std::ptrdiff_t(half));
  std::sort(sorted.begin(), sorted.end());
  const double bound = sorted[rank - 1];
  const auto others = scores.subspan(half);
  return ConformalBound{bound, double(count_within(others, bound)) / double(others.size())};
}

std::size_t count_within(std::span<const double> scores, double bound) {
  return std::size_t(std::count_if(scores.begin(), scores.end(), [&](double score) { return score <= bound; }));
}

}  // namespace residua
