#pragma once
#include <functional>
#include <span>
#include <vector>

#include "pinn/ansatz.hpp"
#include "pinn/branch.hpp"

namespace residua {

/// Branch and trunk (surrogates/network_shape.hpp): for every case, points one after the other that share their design
/// inputs, the kernels see a perceptron of its own, with the answers of the branch as its last layer and the design
/// inputs as parameters of the physics.
class BranchTrunk : public Ansatz {
 public:
  explicit BranchTrunk(const Problem& problem) : problem_(problem), design_row_(problem.params().size(), -1) {}

  void evaluate(TermId term, const Samples& samples, const double* weights, double* rows) const override;
  void differentiate(TermId term, const Samples& samples, const double* weights, const FusedWeights<double>& by,
                     double* losses, double* gradient) const override;
  void add_to(NormalEquations& sums, TermId term, const Samples& samples, const double* weights,
              const FusedWeights<double>& by) const override;
  void jacobian(TermId term, const Samples& samples, const double* weights, double* rows,
                double* residual) const override;
  void jacobian_product(TermId term, const Samples& samples, const double* weights, const double* direction,
                        double* product) const override;
  void transposed_product(TermId term, const Samples& samples, const double* weights, const double* rows,
                          double* product) const override;

 private:
  struct Case {
    std::int64_t first, n;
  };
  /// A case as the kernels see it.
  struct View {
    std::int64_t which;
    Case points_at;
    Network<double> network;
    Points<double> points;
  };

  std::vector<Case> cases_of(const Samples& samples) const;
  Branch branch_at(const Samples& samples, std::span<const Case> cases, const double* weights) const;
  void for_cases(const Samples& samples, std::span<const Case> cases, const double* weights, const at::Tensor& last,
                 const std::function<void(const View&)>& use) const;
  at::Tensor gradient_of(const Branch& branch, const at::Tensor& by_case) const;
  at::Tensor rows_of(const Branch& branch, std::int64_t which, const at::Tensor& rows) const;
  const MlpShape& trunk() const { return problem_.shape().trunk; }
  std::int64_t shared() const { return problem_.shape().shared(); }

  const Problem& problem_;
  std::vector<int> design_row_;  ///< no design inputs: what the kernels are told
};

}  // namespace residua
