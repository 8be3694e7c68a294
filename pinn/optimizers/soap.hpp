#pragma once
#include <vector>

#include "pinn/optimizers/first_order.hpp"

namespace residua {

/// A running average of symmetric matrices and an orthonormal basis that follows its eigenvectors.
class Eigenbasis {
 public:
  /// Starts from a first matrix and its eigenvectors, those of the largest eigenvalues first.
  explicit Eigenbasis(const at::Tensor& first);
  Eigenbasis(at::Tensor average, at::Tensor vectors) : average_(std::move(average)), vectors_(std::move(vectors)) {}

  void add(const at::Tensor& matrix, double share) { average_.lerp_(matrix, share); }
  /// One QR power iteration. Returns the order in which the vectors before are now taken: by their Rayleigh quotients.
  at::Tensor turn();

  const at::Tensor& average() const { return average_; }
  const at::Tensor& vectors() const { return vectors_; }  ///< in columns

 private:
  at::Tensor average_, vectors_;
};

/// SOAP: Adam in the eigenbases of Shampoo's preconditioners (Vyas et al., arXiv 2409.11321, whose averages these are).
/// There the gradients of the terms of a loss pull against each other less (Wang et al., arXiv 2502.00604). A layer's
/// weights and biases are one matrix [out][in + 1]. The first step only looks, for bases to start from. In the
/// precision of the stage.
class Soap : public FirstOrder {
 public:
  Soap(const Stage& stage, const NetworkShape& shape, at::Tensor& weights, std::uint64_t seed);
  void save(OutputArchive& archive) override;
  void load(InputArchive& archive) override;

 protected:
  void move(at::Tensor& parameters, double rate) override;

 private:
  struct Block {
    Eigenbasis left, right;
    at::Tensor mean;         ///< of the gradient
    at::Tensor mean_square;  ///< of the gradient in the bases
  };
  at::Tensor direction(Block& block, const at::Tensor& gradient);

  NetworkShape shape_;
  at::ScalarType precision_;
  std::vector<Block> blocks_;  ///< one per layer, and one for the slopes if there are any; empty before the first step
  std::int64_t steps_ = 0;
};

}  // namespace residua
