#include "pinn/optimizers/optimizer.hpp"

#include "pinn/optimizers/adam.hpp"
#include "pinn/optimizers/lbfgs.hpp"
#include "pinn/optimizers/levenberg_marquardt.hpp"
#include "pinn/optimizers/linearised.hpp"
#include "pinn/optimizers/matrix_free.hpp"
#include "pinn/optimizers/muon.hpp"
#include "pinn/optimizers/soap.hpp"
#include "pinn/optimizers/ssbroyden.hpp"

namespace residua {
namespace {

constexpr std::int64_t kMostDense = 8000;  ///< weights: beyond, a matrix over them takes half a gigabyte and seconds

std::unique_ptr<DampedSystem> make_system(Solver solver, std::int64_t parameters, at::Device device) {
  if (solver == Solver::dense || (solver == Solver::automatic && parameters <= kMostDense))
    return LinearisedLoss::on(device, parameters);
  return std::make_unique<MatrixFreeLoss>(parameters);
}

}  // namespace

std::unique_ptr<Optimizer> make_optimizer(const Stage& stage, const NetworkShape& shape, at::Tensor& weights,
                                          std::uint64_t seed, at::Device device) {
  switch (stage.method) {
    case Method::adam:
      return std::make_unique<Adam>(stage, shape, weights, seed);
    case Method::soap:
      return std::make_unique<Soap>(stage, shape, weights, seed);
    case Method::muon:
      return std::make_unique<Muon>(stage, shape, weights, seed);
    case Method::lbfgs:
      return std::make_unique<Lbfgs>(stage);
    case Method::ssbroyden:
      return std::make_unique<SsBroyden>();
    case Method::levenberg_marquardt:
      return std::make_unique<LevenbergMarquardt>(make_system(stage.solver, weights.numel(), device));
  }
  return nullptr;
}

}  // namespace residua
