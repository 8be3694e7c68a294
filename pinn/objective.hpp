#pragma once
#include <ATen/core/Tensor.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "kernels/gauss_newton.hpp"
#include "pinn/ops.hpp"
#include "pinn/problem.hpp"
#include "pinn/run_file.hpp"

namespace residua {

/// One term of the loss and the points it is evaluated at now.
struct LossTerm {
  std::string name;
  int index;  ///< among the terms of the physics
  TermId id;
  TermSettings settings;
  Samples samples;
  std::vector<double> target;       ///< [equations][n]: what the rows should be; empty: zeros
  std::vector<double> mean_square;  ///< of each equation, at the last evaluation
};

/// What a window of time starts from: the network of the window before it.
struct Seam {
  const Problem* before;
  std::vector<double> weights;
};

/// The loss of a run over the points at hand, as optimizers see it:
///   sum over terms of weight * (mean over points of r_1^2 + r_2^2 + ...).
/// With a seam there is one term more, "seam": what the surrogate answers at the start of the time, less what the
/// network before answered there.
/// Weights of the network are a flat vector of float64. Not to be shared between threads.
class Objective {
 public:
  Objective(const RunFile& run, const Problem& problem, bool cuda, std::optional<Seam> seam = {});

  /// Precision of the kernels in differentiate(); the rest is float64 always.
  void set_precision(at::ScalarType precision);

  /// Draws points for all terms: batch `batch` of their sequences, spread as the stage says. Where it asks for adaptive
  /// points, those with large residuals under `weights` are more likely.
  void draw(std::int64_t batch, const Stage& stage, const at::Tensor& weights);
  /// The points at hand, as rows [coords, design inputs] per term; and back, from a checkpoint.
  std::vector<at::Tensor> points() const;
  void set_points(const std::vector<at::Tensor>& points);
  bool has_points() const { return !terms_.empty() && terms_.front().samples.n > 0; }

  const MlpShape& shape() const { return problem_.shape(); }
  std::int64_t parameters() const { return shape().parameters(); }
  const std::vector<LossTerm>& terms() const { return terms_; }
  std::int64_t points_evaluated() const { return points_evaluated_; }  ///< since construction

  // Each evaluates the loss at the points at hand and leaves mean_square in the terms. They throw Error that names the
  // term if the loss is not finite; only loss(), and differentiate() on `trial`, may return a value that is not finite,
  // since trial steps go astray.

  double loss(const double* weights);
  /// Loss, and its gradient into weights.grad().
  double differentiate(at::Tensor& weights, bool trial = false);
  /// Loss, and the normal equations of its residual rows.
  double linearise(const double* weights, NormalEquations& sums);
  /// The residual rows of all terms one after another, each times the square root of its weight: the square of their
  /// norm is the loss.
  at::Tensor residuals(const double* weights);
  /// J direction and J^T rows of their Jacobian, without J.
  at::Tensor jacobian_product(const double* weights, const at::Tensor& direction);
  at::Tensor transposed_product(const double* weights, const at::Tensor& rows);
  /// Loss, and the residual rows with their Jacobian in blocks of at most `block`: use(rows [count][parameters + 1]),
  /// each row (J r) times the square root of its weight.
  double for_rows(const double* weights, std::int64_t block, const std::function<void(at::Tensor rows)>& use);

 private:
  /// The points of a term in the precision of differentiate().
  struct Placed {
    at::Tensor coords, design, equation_weight, target;
  };

  Samples adaptive(const LossTerm& term, const Samples& pool, std::int64_t n, double sharpness, std::uint64_t seed,
                   const double* weights) const;
  bool is_seam(const LossTerm& term) const { return term.index == int(problem_.physics().terms.size()); }
  std::vector<double> target_of(const LossTerm& term) const;
  FusedWeights<double> weights_of(const LossTerm& term, const double* equation = nullptr) const;
  std::int64_t rows() const;
  double row_scale(const LossTerm& term) const;
  double account(LossTerm& term, const double* squares);
  void require_finite(const LossTerm& term, double value) const;

  const Problem& problem_;
  std::uint64_t seed_;
  Sampling sampling_;
  std::optional<Seam> seam_;
  std::vector<LossTerm> terms_;
  at::TensorOptions where_;  ///< precision and device of differentiate()
  ops::ProblemTensors fixed_;
  std::vector<Placed> placed_;
  std::int64_t points_evaluated_ = 0;
};

}  // namespace residua
