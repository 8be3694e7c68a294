#include "pinn/optimizers/optimizer.hpp"

#include "pinn/optimizers/adam.hpp"
#include "pinn/optimizers/lbfgs.hpp"
#include "pinn/optimizers/levenberg_marquardt.hpp"
#include "pinn/optimizers/muon.hpp"
#include "pinn/optimizers/soap.hpp"
#include "pinn/optimizers/ssbroyden.hpp"

namespace residua {

std::unique_ptr<Optimizer> make_optimizer(const Stage& stage, const MlpShape& shape, at::Tensor& weights) {
  switch (stage.method) {
    case Method::adam:
      return std::make_unique<Adam>(stage, weights);
    case Method::soap:
      return std::make_unique<Soap>(stage, shape);
    case Method::muon:
      return std::make_unique<Muon>(stage, shape);
    case Method::lbfgs:
      return std::make_unique<Lbfgs>(stage);
    case Method::ssbroyden:
      return std::make_unique<SsBroyden>();
    case Method::levenberg_marquardt:
      return std::make_unique<LevenbergMarquardt>(weights.numel());
  }
  return nullptr;
}

}  // namespace residua
