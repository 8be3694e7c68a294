#pragma once
#include <memory>
#include <vector>

#include "pinn/archive.hpp"
#include "pinn/weighting/term_balance.hpp"

namespace residua {

/// The weights that a run puts on terms and points beside those of its file. They change only when the points do: while
/// points stay, the loss stays, and what an optimizer has learnt about its curvature holds.
class Weighting {
 public:
  explicit Weighting(const RunFile& run);

  /// Renews what is due after so many steps of the run, and weighs the points at hand.
  void points_changed(Objective& objective, const double* weights, std::int64_t step);
  /// Weighs the points at hand as a checkpoint says.
  void apply(Objective& objective) const;

  /// Whether the terms have factors.
  bool balances() const { return balance_ != nullptr; }

  void save(OutputArchive& archive) const;
  void load(InputArchive& archive);

 private:
  BalanceSettings settings_;
  std::unique_ptr<TermBalance> balance_;
  std::optional<CausalSettings> causal_;
  std::vector<double> factors_, slabs_;          ///< in use; empty: ones
  std::int64_t balanced_at_ = 0, slabs_at_ = 0;  ///< steps at which they were renewed
};

}  // namespace residua
