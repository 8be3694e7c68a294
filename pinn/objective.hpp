#pragma once
#include <ATen/core/Tensor.h>

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "pinn/ansatz.hpp"
#include "pinn/loss_term.hpp"
#include "pinn/ops.hpp"
#include "pinn/problem.hpp"
#include "pinn/processes.hpp"
#include "pinn/run_file.hpp"
#include "pinn/share.hpp"

namespace residua {

/// What a window of time starts from: the network of the window before it.
struct Seam {
  const Problem* before;
  std::vector<double> weights;
};

/// The loss of a run over the points at hand, as optimizers see it:
///   sum over terms of weight * factor * (mean over points of point weight * (r_1^2 + r_2^2 + ...)).
/// Factors and point weights are ones until set_factors() and set_point_weights(). With a seam there is one term more,
/// "seam": what the surrogate answers at the start of the time, less what the network before answered there.
/// Weights of the network are a flat vector of float64. Not to be shared between threads.
class Objective {
 public:
  /// With `processes`, which must outlive it, each of them evaluates its share of the points; all have to make the same
  /// calls. Null: this process alone.
  Objective(const RunFile& run, const Problem& problem, bool cuda, std::optional<Seam> seam = {},
            Processes* processes = nullptr);

  /// Precision of the kernels in differentiate(); the rest is float64 always.
  void set_precision(at::ScalarType precision);

  /// The same network on other parameters from now on (Problem::within()).
  void set_problem(const Problem& problem);

  /// Draws points for all terms: batch `batch` of their sequences, spread as the stage says. Where it asks for adaptive
  /// points, those with large residuals under `weights` are more likely. `retained` may keep points at hand: fresh ones
  /// only replace the others. Point weights are ones again.
  void draw(std::int64_t batch, const Stage& stage, const at::Tensor& weights, bool retained = false);
  /// The points at hand, as rows [coords, design inputs] per term; and back, from a checkpoint, without weights.
  std::vector<at::Tensor> points() const;
  void set_points(const std::vector<at::Tensor>& points);
  /// One factor per term.
  void set_factors(const std::vector<double>& factors);
  /// For each term one weight per point, or nothing for ones.
  void set_point_weights(std::vector<std::vector<double>> weights);
  /// What the points of a batch of a term are drawn with: another lattice for every batch and term, all of them
  /// reproducible on their own.
  std::uint64_t point_seed(std::int64_t batch, int term) const;
  Sampling sampling() const { return sampling_; }
  at::Device device() const { return where_.device(); }
  bool has_points() const { return !terms_.empty() && terms_.front().samples.n > 0; }

  const Problem& problem() const { return *problem_; }
  const NetworkShape& shape() const { return problem_->shape(); }
  std::int64_t parameters() const { return problem_->parameters(); }
  const std::vector<LossTerm>& terms() const { return terms_; }
  /// The loss of the last evaluation without the factors: comparable from one balance to the next.
  double unbalanced() const;
  std::int64_t points_evaluated() const { return points_evaluated_; }  ///< since construction

  // Each evaluates the loss at the points at hand; loss(), differentiate(), for_rows() and for_all_rows() leave
  // mean_square in the terms. They throw Error that names the term and the point if the loss is not finite; only
  // loss(), residuals(), and differentiate() on `trial`, may return values that are not finite, since trial steps go
  // astray.
  //
  // Losses, gradients, matrices and products over the weights are sums over all processes, the same in each. Vectors
  // over residual rows stay where they are: a process holds the rows of its own points, and what is exchanged does not
  // grow with the number of points.

  double loss(const double* weights);
  /// Loss, and its gradient into weights.grad().
  double differentiate(at::Tensor& weights, bool trial = false);
  /// Loss, and the normal equations of its residual rows.
  double linearise(const double* weights, NormalEquations& sums);
  /// The same as a tensor [parameters + 1][parameters + 1] on device(), of which the upper triangle counts.
  at::Tensor linearise(const double* weights);
  /// The residual rows of all terms one after another, each times the square root of its weight: their square() is the
  /// loss.
  at::Tensor residuals(const double* weights);
  /// J direction and J^T rows of their Jacobian, without J.
  at::Tensor jacobian_product(const double* weights, const at::Tensor& direction);
  at::Tensor transposed_product(const double* weights, const at::Tensor& rows);
  std::int64_t rows() const;                    ///< of this process
  double square(const at::Tensor& rows) const;  ///< of the norm of a vector over the rows of all processes
  /// Loss, and the residual rows with their Jacobian in blocks of at most `block`: use(rows [count][parameters + 1]),
  /// each row (J r) times the square root of its weight.
  double for_rows(const double* weights, std::int64_t block, const std::function<void(at::Tensor rows)>& use);
  /// The same with the rows of all processes in each of them, which takes an exchange of all of J.
  double for_all_rows(const double* weights, std::int64_t block, const std::function<void(at::Tensor rows)>& use);
  /// Makes each value of a dense tensor on the CPU its sum over all processes.
  void sum_over_processes(at::Tensor& values) const;

  /// Takes over what the last of some evaluations, on as many points of its own, found for all terms: sums over its
  /// points of the squared rows, [equations] of each. Returns the loss, and throws as differentiate() does.
  double account_elsewhere(const std::vector<std::vector<double>>& sums, std::int64_t evaluations,
                           const double* weights);

  // What weighting and sampling ask of one term at the points at hand, without weights of any kind.

  /// r_1^2 + r_2^2 + ... of each point.
  std::vector<double> squares(const LossTerm& term, const double* weights) const;
  /// Gradient of the mean of those squares.
  at::Tensor gradient(const LossTerm& term, const double* weights) const;
  /// Sum of the squares of all entries of the Jacobian of its residual rows.
  double jacobian_square(const LossTerm& term, const double* weights) const;

 private:
  /// Rows of a term for some of its points, without weights of any kind.
  struct Block {
    Share points;          ///< of all processes ...
    Share own;             ///< ... and of this one, whose rows these are
    at::Tensor residuals;  ///< [equations][own]
    at::Tensor jacobian;   ///< [equations][own][parameters]
  };

  /// The points of a term in the precision of differentiate().
  struct Placed {
    at::Tensor coords, design, equation_weight;
    std::optional<at::Tensor> point_weight, target;
  };

  std::unique_ptr<const Ansatz> ansatz_of(const Problem& problem) const;
  /// Those of n points that this process evaluates.
  Share own(std::int64_t n) const;
  void sum_over_processes(std::span<double> values) const;
  void sum_over_processes(at::Tensor& gradient, std::vector<double>& values) const;
  bool is_seam(const LossTerm& term) const { return term.index == int(problem_->physics().terms.size()); }
  std::vector<double> target_of(const LossTerm& term) const;
  std::vector<double> squares(const LossTerm& term, const Samples& samples, const double* weights,
                              const double* target = nullptr) const;
  double differentiate_in_float64(at::Tensor& weights, bool trial);
  template <class Add, class Loss>
  std::vector<double> add_terms(Add&& add, Loss&& loss);
  template <class Use>
  void for_terms(const at::Tensor& rows, Use&& use);
  template <class Use>
  void for_blocks(const LossTerm& term, const double* weights, std::int64_t block, Use&& use) const;
  template <class Use>
  double for_scaled_rows(const double* weights, std::int64_t block, Use&& use);
  Placed place(const LossTerm& term) const;
  at::Tensor row_scale(const LossTerm& term, const Share& points) const;
  at::Tensor scaled(const LossTerm& term, const at::Tensor& rows) const;
  double account(LossTerm& term, const double* squares);
  double account(const std::vector<double>& squares, const double* weights, bool trial);
  void require_finite(const LossTerm& term, double value, const double* weights) const;
  std::int64_t first_bad_point(const LossTerm& term, const double* weights) const;

  const Problem* problem_;
  Processes* processes_;  ///< null: none but this one
  std::unique_ptr<const Ansatz> ansatz_;
  std::uint64_t seed_;
  Sampling sampling_;
  int cases_;  ///< that the points of a term are drawn in, for a branch; 0 without one
  std::optional<Seam> seam_;
  std::vector<LossTerm> terms_;
  at::TensorOptions where_;  ///< precision and device of differentiate()
  ops::ProblemTensors fixed_;
  std::vector<Placed> placed_;
  std::int64_t points_evaluated_ = 0;
};

}  // namespace residua
