#pragma once
#include <memory>

#include "pinn/optimizers/first_order.hpp"

namespace torch::optim {
class Adam;
}

namespace residua {

/// LibTorch's Adam. For a start from anywhere, on fresh points.
class Adam : public FirstOrder {
 public:
  Adam(const Stage& stage, const NetworkShape& shape, at::Tensor& weights, std::uint64_t seed);
  ~Adam() override;
  void save(OutputArchive& archive) override;
  void load(InputArchive& archive) override;

 protected:
  void move(at::Tensor& parameters, double rate) override;

 private:
  std::unique_ptr<torch::optim::Adam> optimizer_;  // its header takes half a minute to compile
};

}  // namespace residua
