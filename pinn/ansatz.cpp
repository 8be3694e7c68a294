#include "pinn/ansatz.hpp"

#include "pinn/branch_trunk.hpp"
#include "pinn/ops.hpp"

namespace residua {
namespace {

class Perceptron : public Ansatz {
 public:
  explicit Perceptron(const Problem& problem) : problem_(problem) {}

  void evaluate(TermId term, const Samples& samples, const double* weights, double* rows) const override {
    residua::evaluate(term, problem_.network(weights), problem_.points(samples), rows);
  }
  void differentiate(TermId term, const Samples& samples, const double* weights, const FusedWeights<double>& by,
                     double* losses, double* gradient) const override {
    fused<double>(term, problem_.network(weights), problem_.points(samples), by, {losses, gradient, nullptr});
  }
  void add_to(NormalEquations& sums, TermId term, const Samples& samples, const double* weights,
              const FusedWeights<double>& by) const override {
    sums.add(term, problem_.network(weights), problem_.points(samples), by);
  }
  void jacobian(TermId term, const Samples& samples, const double* weights, double* rows,
                double* residual) const override {
    residua::jacobian(term, problem_.network(weights), problem_.points(samples), rows, residual);
  }
  void jacobian_product(TermId term, const Samples& samples, const double* weights, const double* direction,
                        double* product) const override {
    residua::jacobian_product(term, problem_.network(weights), problem_.points(samples), direction, product);
  }
  void transposed_product(TermId term, const Samples& samples, const double* weights, const double* rows,
                          double* product) const override {
    jacobian_transposed_product(term, problem_.network(weights), problem_.points(samples), rows, product);
  }

 private:
  const Problem& problem_;
};

}  // namespace

std::unique_ptr<const Ansatz> make_ansatz(const Problem& problem, bool cuda) {
  if (problem.shape().branch) return std::make_unique<BranchTrunk>(problem);
  if (cuda) {
    using Make = const Ansatz*(const Problem&);
    static auto* const make = reinterpret_cast<Make*>(ops::cuda_function("residua_device_ansatz"));
    if (const Ansatz* ansatz = make(problem)) return std::unique_ptr<const Ansatz>(ansatz);
  }
  return std::make_unique<Perceptron>(problem);
}

}  // namespace residua
