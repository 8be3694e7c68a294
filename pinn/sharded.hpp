#pragma once
#include <memory>

#include "pinn/ansatz.hpp"
#include "pinn/processes.hpp"

namespace residua {

/// An ansatz whose points are spread over processes: every process is asked for all points, evaluates its share and
/// gets the answer for all. Only add_to() adds the share alone: the sums are exchanged once, when all terms are in
/// them. Not to be shared between threads. `problem` and `processes` must outlive it.
class Sharded : public Ansatz {
 public:
  Sharded(std::unique_ptr<const Ansatz> whole, const Problem& problem, Processes& processes)
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
  template <class Rows>
  void gather(TermId term, const Samples& samples, std::int64_t columns, double* all, Rows&& own_rows) const;

  std::unique_ptr<const Ansatz> whole_;
  const Problem& problem_;
  Processes& processes_;
};

/// The points of a share.
Samples part(const Samples& samples, const Share& share);

}  // namespace residua
