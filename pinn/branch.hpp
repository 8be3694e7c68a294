#pragma once
#include <ATen/core/Tensor.h>

#include <vector>

#include "kernels/points.hpp"

namespace residua {

/// The branch of a network (surrogates/network_shape.hpp) at some cases, with its derivatives in the parameters.
/// float64.
class Branch {
 public:
  /// `inputs` [cases][inputs] as the first layer takes them; `parameters` of the branch, flat.
  Branch(const MlpShape& shape, const at::Tensor& parameters, const at::Tensor& inputs);

  const at::Tensor& answers() const { return answers_; }  ///< [cases][outputs]
  /// Change of the answers [cases][outputs] along a direction [parameters].
  at::Tensor push_forward(const at::Tensor& direction) const;
  /// Gradient [parameters] of the sum of bars [cases][outputs] times answers.
  at::Tensor pull_back(const at::Tensor& bars) const;
  /// The same of each of some bars [rows][outputs] in the answers of one case: [rows][parameters].
  at::Tensor pull_back_rows(std::int64_t which, const at::Tensor& bars) const;

 private:
  MlpShape shape_;
  std::vector<at::Tensor> weights_;      ///< of each layer, [out][in]
  std::vector<at::Tensor> activations_;  ///< what each layer sees, [cases][in]
  at::Tensor answers_;
};

}  // namespace residua
