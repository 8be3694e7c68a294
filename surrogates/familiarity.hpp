#pragma once
#include <span>
#include <string>
#include <vector>

#include "surrogates/card.hpp"

namespace residua {

/// Mahalanobis distances from an experience. Immutable once made.
class [[gnu::visibility("default")]] Familiarity {
 public:
  /// Throws Error, starting with `where`, unless the experience names inputs of the card, each once, is finite, and its
  /// covariance is symmetric and positive definite. Without an experience, every distance is NaN.
  Familiarity(const Card& card, const std::string& where);

  /// Of a point [inputs of the card], in units of the distance within which 99 % of the experience lies.
  double unfamiliarity(std::span<const double> in) const noexcept;

 private:
  std::vector<std::size_t> position_;  ///< in the inputs of the card
  std::vector<double> mean_;
  std::vector<double> whiten_;  ///< lower triangle by rows: inverse of the Cholesky factor, over the usual distance
};

}  // namespace residua
