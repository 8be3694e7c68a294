#include "pinn/weighting/term_balance.hpp"

#include "pinn/weighting/gradient_norm.hpp"
#include "pinn/weighting/neural_tangent_kernel.hpp"
#include "pinn/weighting/relobralo.hpp"

namespace residua {

std::unique_ptr<TermBalance> make_balance(const BalanceSettings& settings, std::uint64_t seed) {
  switch (settings.method) {
    case Balance::fixed:
      return nullptr;
    case Balance::gradient_norm:
      return std::make_unique<GradientNorm>();
    case Balance::ntk:
      return std::make_unique<NeuralTangentKernel>();
    case Balance::relobralo:
      return std::make_unique<Relobralo>(settings.every, seed);
  }
  return nullptr;
}

}  // namespace residua
