#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "kernels/catalog.hpp"
#include "kernels/points.hpp"

namespace residua {

/// A range of a coordinate or parameter in plant units; lower == upper fixes a parameter.
struct Range {
  double lower, upper;
};

/// How often and how strongly a term of the loss is sampled.
struct TermSettings {
  int points = 1024;
  double weight = 1;
  double grading = 1;  ///< times are drawn like the power of that of an even spread: above 1, early ones more densely
};

/// How points are spread over the envelope: evenly (quasi-random), or independently.
enum class Sampling { sobol, uniform };

/// What balances the terms of the loss against each other (pinn/weighting/).
enum class Balance : std::uint8_t { fixed, gradient_norm, ntk, relobralo };

/// Factors on the terms' weights, renewed with fresh points at least `every` steps apart.
struct BalanceSettings {
  Balance method = Balance::fixed;
  int every = 100;
};

/// Weights of slabs of time, renewed with fresh points at least `every` steps apart (pinn/weighting/causal.hpp).
struct CausalSettings {
  double tolerance = 1;
  int chunks = 16;
  int every = 10;
};

/// How a stage lowers the loss (pinn/optimizers/).
enum class Method : std::uint8_t { adam, soap, muon, lbfgs, ssbroyden, levenberg_marquardt };

/// Whether it steps along some average of gradients, by a learning rate.
bool is_first_order(Method method);

/// How Levenberg-Marquardt solves its systems: by a matrix over all weights, by products with the Jacobian alone, or by
/// the number of weights.
enum class Solver : std::uint8_t { automatic, dense, matrix_free };

/// A stretch of training with one optimizer. Settings that an optimizer has no use for are errors in a run file.
struct Stage {
  Method method = Method::adam;
  int steps = 1000;
  int resample = 1;        ///< steps between fresh points
  double more_points = 1;  ///< times the points of the terms
  double adaptive = 0;     ///< power of the residual that draws points to it; 0: evenly spread
  bool retain = false;     ///< fresh points replace only those of small residuals
  bool float64 = false;
  std::map<std::string, Range> envelope;  ///< parameters that differ from the run's in this stage
  double learning_rate = 5e-3, final_learning_rate = 5e-4;
  bool factorised = false;  ///< trains factors of the weights (pinn/optimizers/factors.hpp)
  int history = 50;         ///< pairs that L-BFGS remembers
  Solver solver = Solver::automatic;

  static Stage of(Method method);  ///< the defaults of an optimizer
};

/// A branch that sees the design inputs (surrogates/network_shape.hpp), and in how many cases the points of a term are
/// drawn, as many of them in each.
struct BranchSettings {
  int width = 32, depth = 2;
  int cases = 50;

  bool operator==(const BranchSettings&) const = default;
};

/// Training in windows of time, each with a network of its own that starts from where the one before it ended. Without
/// seams: a single network for all times.
struct March {
  std::vector<double> seams;    ///< rising times at which one window ends and the next begins, in plant units
  TermSettings seam{256, 100};  ///< the term of the loss that holds a window to the one before it

  int windows() const { return int(seams.size()) + 1; }
};

/// A training run, as its TOML file says. Unknown keys are errors that list the known ones.
struct RunFile {
  std::string physics;
  std::uint64_t seed = 1;
  Sampling sampling = Sampling::sobol;
  std::map<std::string, Range> envelope;  ///< coordinates and parameters that differ from the physics' defaults
  int width = 24, depth = 4;
  Activation activation = Activation::tanh;
  std::optional<BranchSettings> branch;
  std::map<std::string, TermSettings> terms;
  BalanceSettings balance;
  std::optional<CausalSettings> causal;
  std::vector<Stage> stages;
  March march;
  int members = 1;  ///< of an ensemble: trained from different seeds, answering by their mean
  int checkpoint_every = 1000;
  bool save_float64 = false;  ///< precision in which the surrogate is saved and computes
  int validation_cases = 256;
  std::string text;  ///< the file itself, for provenance

  std::int64_t steps() const;                   ///< of all stages, in all windows, of all members
  Range range(const Quantity& quantity) const;  ///< of a coordinate or parameter of the physics
  /// Those of the physics that have a weight, in its order, and the seam between windows.
  std::vector<std::string> loss_terms() const;

  static RunFile read(const std::filesystem::path& path);
  /// `name` stands for the file in messages.
  static RunFile parse(const std::string& text, const std::string& name);
};

/// Position of the coordinate "time" of a physics, or -1.
int time_coord(const PhysicsInfo& physics);

std::string_view name_of(Activation activation);
std::string_view name_of(Method method);
std::string_view name_of(Sampling sampling);
std::string_view name_of(Balance balance);
std::string_view name_of(Solver solver);

}  // namespace residua
