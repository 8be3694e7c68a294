#pragma once
#include <string>
#include <vector>

#include "pinn/fit.hpp"
#include "pinn/measurements.hpp"

namespace residua {

/// A fitted parameter and how well the measurements determine it.
struct EstimatedParameter {
  FitParameter fit;
  double error = 0;             ///< standard error; NaN at a bound, where linearisation says nothing
  double lower = 0, upper = 0;  ///< 95 % interval; NaN likewise
  bool at_bound = false;
};

/// Parameters fitted to measurements, with the uncertainty that their noise brings.
struct Estimate {
  std::vector<EstimatedParameter> params;
  std::vector<double> correlation;    ///< [params][params]; NaN for those at a bound
  std::vector<double> sigma;          ///< of each output of the surrogate: given or estimated noise; NaN: not measured
  std::vector<double> fitted;         ///< at every observation
  double rmse = 0;                    ///< over all observations, plant units
  int freedom = 0;                    ///< observations less parameters
  std::vector<std::string> warnings;  ///< what makes the intervals doubtful, a sentence each
};

/// Weighted least squares within bounds, from the start and from eight Sobol points of the bounds, so that a second
/// valley does not hide the first. Each residual counts in units of its sigma; where that is unknown it is estimated
/// for each output, sum of squares over (n - p n / N), and the fit repeated until it stands still.
///
/// Intervals by linearisation: covariance (J^T J)^-1 at the optimum, that is the Gauss-Newton Hessian (Seber & Wild,
/// Nonlinear Regression, 1989, section 5.1), times Student's t of N - p degrees of freedom; if all sigmas are given,
/// times the normal quantile. A parameter at its bound is held there, and the others' intervals are for it being so.
/// They hold the noise of the measurements, not the error of the model.
///
/// Throws Error if there are no more observations than parameters.
Estimate estimate(const FitModel& model, const Measurements& measurements, const std::vector<FitParameter>& start);

}  // namespace residua
