#pragma once
#include <memory>
#include <vector>

#include "pinn/archive.hpp"
#include "pinn/objective.hpp"

namespace residua {

/// One way to balance the terms of the loss: factors on the weights of the run file, one per term. All of it looks at
/// the plain mean squares of the terms, so that no factor feeds back into the next.
class TermBalance {
 public:
  virtual ~TermBalance() = default;

  /// The factors from now on, with another look at the terms at the points at hand.
  virtual std::vector<double> renew(const Objective& objective, const double* weights) = 0;

  // Everything that the next factors depend on, for a resume that ends in the same bits.
  virtual void save(OutputArchive& archive) const = 0;
  virtual void load(InputArchive& archive) = 0;
};

/// Nothing for fixed weights.
std::unique_ptr<TermBalance> make_balance(const BalanceSettings& settings, std::uint64_t seed);

}  // namespace residua
