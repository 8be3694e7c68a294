#pragma once
#include <functional>
#include <span>
#include <string>
#include <vector>

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

/// Least squares within bounds, by Levenberg-Marquardt (Eigen's MINPACK) on parameters mapped to the whole line. Throws
/// Error if there are no more measurements than parameters.
FitResult fit(const FitModel& model, std::span<const double> measured, std::vector<FitParameter> params);

}  // namespace residua
