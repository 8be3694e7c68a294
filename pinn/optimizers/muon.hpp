#pragma once
#include "pinn/optimizers/first_order.hpp"

namespace residua {

/// A matrix with the singular vectors of `matrix` and singular values near one (0.6 to 1.3 for all but the smallest),
/// by five Newton-Schulz iterations with a quintic whose slope at zero is steep (Jordan et al., "Muon", 2024).
at::Tensor nearly_orthogonal(const at::Tensor& matrix);

/// Muon (Jordan et al. 2024): weights between hidden layers move along their orthogonalised momentum, scaled to the
/// size of an Adam step (Liu et al., arXiv 2502.16982), so that one learning rate serves; all other parameters by Adam.
/// In the precision of the stage.
class Muon : public FirstOrder {
 public:
  Muon(const Stage& stage, const NetworkShape& shape, at::Tensor& weights, std::uint64_t seed);
  void save(OutputArchive& archive) override;
  void load(InputArchive& archive) override;

 protected:
  void move(at::Tensor& parameters, double rate) override;

 private:
  NetworkShape shape_;
  at::Tensor momentum_, mean_, mean_square_;  ///< of the gradient, flat: Muon's, and Adam's two
  std::int64_t steps_ = 0;
};

}  // namespace residua
