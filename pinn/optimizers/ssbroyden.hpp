#pragma once
#include "pinn/optimizers/quasi_newton.hpp"
#include "pinn/optimizers/updated_matrix.hpp"

namespace residua {

/// The self-scaled Broyden family: with s the step, y the change of the gradient, H the inverse Hessian so far,
///
///   b = s.H^-1 s / y.s,   h = y.H y / y.s,   a = b h - 1,   v = sqrt(y.H y) (s / y.s - H y / y.H y)
///   H <- (H - H y (H y)^T / y.H y + phi v v^T) / tau + s s^T / y.s
///
/// phi = tau = 1 would be BFGS. Al-Baali's choice of both from b and h (Al-Baali, Spedicato & Maggioni, Optim. Methods
/// Softw. 29 (2014) 937) trains networks of equations orders of magnitude further than BFGS: Urban, Stefanou & Pons, J.
/// Comput. Phys. 523 (2025) 113656, eqs. 13-23, there called SSBroyden2.
struct SelfScaling {
  double tau, phi;

  /// For `n` weights.
  static SelfScaling of(double b, double h, std::int64_t n);
  /// Of the first update, where H is the unit matrix and need only get the right size.
  static SelfScaling first(double b, double h);
};

/// What a step does to H. `hy` is H y.
RankTwo broyden_update(const at::Tensor& s, const at::Tensor& y, const at::Tensor& hy, SelfScaling scaling);

/// Quasi-Newton with that H as a full matrix, in float64. For networks of up to several thousand weights. H survives a
/// change of points while it is positive definite.
class SsBroyden : public QuasiNewton {
 public:
  void save(OutputArchive& archive) override;
  void load(InputArchive& archive) override;
  void points_changed() override;

 protected:
  at::Tensor precondition(const at::Tensor& gradient) override;
  void learn(const Step& step) override;
  bool knows() const override { return inverse_hessian_.defined(); }
  void forget() override { inverse_hessian_ = {}; }

 private:
  /// A gradient and what it reads of the matrix.
  struct Known {
    at::Tensor gradient, read;
  };

  UpdatedMatrix inverse_hessian_;  ///< undefined: a unit matrix
  Known here_;                     ///< where the last step ended, so that each step reads the matrix once
};

}  // namespace residua
