#include "pinn/sampling/retained.hpp"

#include <cmath>

namespace residua {

Samples Retained::draw(std::int64_t n, std::uint64_t seed, const Samples& at_hand,
                       const SquaredResiduals& squares) const {
  const Samples kept = part(at_hand, above_mean(squares(at_hand)));
  return joined(kept, fresh_->draw(n - kept.n, seed, at_hand, squares));
}

std::vector<std::int64_t> above_mean(const std::vector<double>& squares) {
  double mean = 0;
  for (const double square : squares) mean += std::sqrt(square) / double(squares.size());
  std::vector<std::int64_t> kept;
  for (std::size_t i = 0; i < squares.size(); ++i)
    if (std::sqrt(squares[i]) > mean) kept.push_back(std::int64_t(i));
  // Where all are alike, rounding may put the mean below each.
  if (kept.size() == squares.size()) kept.clear();
  return kept;
}

}  // namespace residua
