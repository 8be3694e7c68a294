#pragma once
#include <memory>

#include "pinn/ansatz.hpp"
#include "pinn/processes.hpp"
#include "pinn/share.hpp"

namespace residua {

/// An ansatz on the points of one process: it is told all points, with their weights and targets, and looks at its
/// share alone. Rows are those of the share, [equations][share]; sums are those over it, zeros where it has no point.
/// Nothing is exchanged here: what goes to the other processes is the matter of the objective. `problem` and
/// `processes` must outlive it.
class Sharded : public Ansatz {
 public:
  Sharded(std::unique_ptr<const Ansatz> whole, const Problem& problem, const Processes& processes)
      : whole_(std::move(whole)), problem_(problem), processes_(processes) {}

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
  Share own(const Samples& samples) const { return share_of(samples.n, processes_.rank(), processes_.size()); }

  std::unique_ptr<const Ansatz> whole_;
  const Problem& problem_;
  const Processes& processes_;
};

}  // namespace residua
