#pragma once
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "surrogates/surrogate.hpp"

namespace residua {

/// A parameter to be fitted, within bounds.
struct FitParameter {
  std::string name;
  double lower, upper;
  double value;  ///< start, then result
};

/// values[i] = model at measurement i for these parameters; jacobian (if not empty) [measurements][parameters].
using FitModel =
    std::function<void(std::span<const double> params, std::span<double> values, std::span<double> jacobian)>;

struct FitResult {
  std::vector<FitParameter> params;
  double rmse = 0;
  int evaluations = 0;
  std::vector<double> fitted;  ///< the model at every measurement
};

/// Least squares within bounds, by Levenberg-Marquardt (Eigen's MINPACK) on parameters mapped to the whole line.
FitResult fit(const FitModel& model, std::span<const double> measured, std::vector<FitParameter> params);

/// A breakthrough curve: an output of a surrogate over time, at given values of some inputs, the others to be fitted.
struct BreakthroughCurve {
  std::vector<double> times;
  std::string output;
  std::vector<std::pair<std::string, double>> known;  ///< inputs at given values; time is always known
  double pulse = 0;  ///< the step is taken back after this time (superposition: linear problems only); 0: it stays
};

/// The inputs of a surrogate that `curve` leaves free, each starting in the middle of its range.
/// Throws Error for names that the surrogate does not have, listing those it has.
std::vector<FitParameter> free_parameters(const Surrogate& surrogate, const BreakthroughCurve& curve);

/// The curve as the surrogate predicts it, with its own exact derivatives.
FitModel surrogate_model(const Surrogate& surrogate, const BreakthroughCurve& curve);

}  // namespace residua
