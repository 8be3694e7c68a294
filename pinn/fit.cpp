#include "pinn/fit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <unsupported/Eigen/NonLinearOptimization>

#include "kernels/core/error.hpp"

namespace residua {
namespace {

/// A bounded parameter on the whole line: lower + (upper - lower) / (1 + exp(-q)).
struct Bounded {
  double lower, upper;
  double value(double q) const { return lower + (upper - lower) / (1 + std::exp(-q)); }
  double slope(double q) const {
    const double s = 1 / (1 + std::exp(-q));
    return (upper - lower) * s * (1 - s);
  }
  double unbounded(double value) const {
    // Away from the bounds, where the map is flat and a start would never leave.
    const double s = std::clamp((value - lower) / (upper - lower), 0.01, 0.99);
    return std::log(s / (1 - s));
  }
};

/// What Eigen's Levenberg-Marquardt asks for.
struct Functor {
  const FitModel& model;
  std::span<const double> measured;
  std::vector<Bounded> bounds;

  int inputs() const { return int(bounds.size()); }
  int values() const { return int(measured.size()); }

  std::vector<double> params(const Eigen::VectorXd& q) const {
    std::vector<double> p(bounds.size());
    for (std::size_t k = 0; k < p.size(); ++k) p[k] = bounds[k].value(q[Eigen::Index(k)]);
    return p;
  }
  int operator()(const Eigen::VectorXd& q, Eigen::VectorXd& residual) const {
    model(params(q), {residual.data(), measured.size()}, {});
    for (std::size_t i = 0; i < measured.size(); ++i) residual[Eigen::Index(i)] -= measured[i];
    return 0;
  }
  int df(const Eigen::VectorXd& q, Eigen::MatrixXd& jacobian) const {
    std::vector<double> values(measured.size()), rows(measured.size() * bounds.size());
    model(params(q), values, rows);
    for (Eigen::Index i = 0; i < jacobian.rows(); ++i)
      for (Eigen::Index k = 0; k < jacobian.cols(); ++k)
        jacobian(i, k) = rows[std::size_t(i * jacobian.cols() + k)] * bounds[std::size_t(k)].slope(q[k]);
    return 0;
  }
};

}  // namespace

FitResult fit(const FitModel& model, std::span<const double> measured, std::vector<FitParameter> params) {
  if (measured.size() <= params.size())
    throw Error(fmt::format("fit: expected more measurements than parameters, found {} for {}", measured.size(),
                            params.size()));
  Functor functor{model, measured, {}};
  Eigen::VectorXd q(Eigen::Index(params.size()));
  for (std::size_t k = 0; k < params.size(); ++k) {
    functor.bounds.push_back({params[k].lower, params[k].upper});
    q[Eigen::Index(k)] = functor.bounds[k].unbounded(params[k].value);
  }
  Eigen::LevenbergMarquardt<Functor> solver(functor);
  solver.parameters.xtol = 1e-10;
  solver.parameters.ftol = 1e-12;
  solver.minimize(q);

  FitResult result;
  result.evaluations = int(solver.nfev);
  const auto values = functor.params(q);
  for (std::size_t k = 0; k < params.size(); ++k) params[k].value = values[k];
  result.params = std::move(params);
  result.fitted.resize(measured.size());
  model(values, result.fitted, {});
  double sum = 0;
  for (std::size_t i = 0; i < measured.size(); ++i)
    sum += (result.fitted[i] - measured[i]) * (result.fitted[i] - measured[i]);
  result.rmse = std::sqrt(sum / double(measured.size()));
  return result;
}

}  // namespace residua
