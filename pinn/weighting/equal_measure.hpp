#pragma once
#include "pinn/weighting/term_balance.hpp"

namespace residua {

/// Makes a measure of the terms alike: factor_i = sum_j measure_j / measure_i, in a running average that takes a tenth
/// of the new value (as the sources of the measures do).
class EqualMeasure : public TermBalance {
 public:
  std::vector<double> renew(const Objective& objective, const double* weights) override;
  void save(OutputArchive& archive) const override;
  void load(InputArchive& archive) override;

 protected:
  /// How strongly a term pulls at the weights. Not negative.
  virtual double measure(const Objective& objective, const LossTerm& term, const double* weights) const = 0;

 private:
  std::vector<double> factors_;  ///< empty before the first
};

}  // namespace residua
