#pragma once
#include "pinn/weighting/term_balance.hpp"

namespace residua {

/// Relative loss balancing with random lookback: the term whose mean square L_i has come down least gets the largest
/// factor. With m terms, at the k-th look
///   balanced_i(l) = m softmax_i(L_i(k) / (0.1 L_i(l)))
///   factor_i <- a (p factor_i + (1 - p) balanced_i(0)) + (1 - a) balanced_i(k - 1)
/// where p is 0 (a look back to the start) or 1 at random (Bischof & Kraus, Comput. Methods Appl. Mech. Eng. 439 (2025)
/// 117914, arXiv 2110.09813). a and the mean of p are 0.999 per step there; over `every` steps, 0.999^every.
class Relobralo : public TermBalance {
 public:
  Relobralo(int every, std::uint64_t seed);
  std::vector<double> renew(const Objective& objective, const double* weights) override;
  void save(OutputArchive& archive) const override;
  void load(InputArchive& archive) override;

 private:
  double memory_;
  std::uint64_t seed_;
  std::int64_t looks_ = 0;
  std::vector<double> first_, last_, factors_;  ///< losses of the first look and the last one
};

}  // namespace residua
