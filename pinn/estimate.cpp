#include "pinn/estimate.hpp"

#include <fmt/format.h>

#include <Eigen/Dense>
#include <algorithm>
#include <boost/math/distributions/chi_squared.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>

#include "datasets/sobol.hpp"
#include "kernels/core/error.hpp"

namespace residua {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr int kStarts = 8;
constexpr double kAtBound = 1e-3;  ///< of the range

/// The model in units of the noise.
FitModel over(const FitModel& model, const std::vector<double>& sigma) {
  return [&model, &sigma](std::span<const double> params, std::span<double> values, std::span<double> jacobian) {
    model(params, values, jacobian);
    for (std::size_t i = 0; i < sigma.size(); ++i) values[i] /= sigma[i];
    for (std::size_t i = 0; i < jacobian.size(); ++i) jacobian[i] /= sigma[i / params.size()];
  };
}

/// The best of fits from several starts.
FitResult fit_from_everywhere(const FitModel& model, const std::vector<double>& measured,
                              const std::vector<FitParameter>& start) {
  FitResult best = fit(model, measured, start);
  std::vector<double> unit(start.size() * kStarts);
  Sobol(start.size(), 1).fill(unit.data(), kStarts);
  for (std::size_t s = 0; s < kStarts; ++s) {
    std::vector<FitParameter> other = start;
    for (std::size_t k = 0; k < other.size(); ++k)
      other[k].value = other[k].lower + (other[k].upper - other[k].lower) * unit[k * kStarts + s];
    FitResult result = fit(model, measured, other);
    if (result.rmse < best.rmse || !std::isfinite(best.rmse)) best = std::move(result);
  }
  return best;
}

/// Noise of each observation: as given, else that of its output, estimated from residuals of a fit with p parameters.
class Noise {
 public:
  explicit Noise(const Measurements& m) : m_(m) {
    for (const Observation& o : m.observations) {
      of_output_.resize(std::max(of_output_.size(), o.output + 1), kNaN);
      estimated_ = estimated_ || o.sigma == 0;
    }
    // To begin with, outputs count by their size.
    update(std::vector<double>(m.observations.size(), 0.0), 0);
    size_ = of_output_;
  }

  bool estimated() const { return estimated_; }
  /// Estimates from values fitted with p parameters; returns the largest relative change.
  double update(const std::vector<double>& fitted, std::size_t p) {
    double change = 0;
    const double all = double(m_.observations.size());
    for (std::size_t output = 0; output < of_output_.size(); ++output) {
      double squares = 0, n = 0;
      for (std::size_t i = 0; i < m_.observations.size(); ++i) {
        const Observation& o = m_.observations[i];
        if (o.output != output) continue;
        n += 1;
        squares += o.sigma > 0 ? o.sigma * o.sigma : (o.value - fitted[i]) * (o.value - fitted[i]);
        if (o.sigma > 0) squares -= o.sigma * o.sigma * double(p) / all;  // given: their mean square, whatever p
      }
      if (n == 0) continue;
      const double least = size_.empty() ? 1e-30 : 1e-9 * size_[output];  // of measurements without noise
      const double sigma = std::max(std::sqrt(squares / (n - double(p) * n / all)), least);
      change = std::max(change, std::isnan(of_output_[output]) ? 1 : std::abs(sigma / of_output_[output] - 1));
      of_output_[output] = sigma;
    }
    each_.clear();
    for (const Observation& o : m_.observations) each_.push_back(o.sigma > 0 ? o.sigma : of_output_[o.output]);
    return change;
  }
  const std::vector<double>& of_output() const { return of_output_; }
  const std::vector<double>& each() const { return each_; }

 private:
  const Measurements& m_;
  bool estimated_ = false;
  std::vector<double> of_output_, size_, each_;
};

std::vector<double> divided(std::vector<double> values, const std::vector<double>& by) {
  for (std::size_t i = 0; i < values.size(); ++i) values[i] /= by[i];
  return values;
}

/// Standard errors, intervals and correlations of the parameters that are not at a bound.
void linearise(const FitModel& scaled, double quantile, Estimate& e) {
  const std::size_t p = e.params.size(), n = e.fitted.size();
  std::vector<double> at, values(n), rows(n * p);
  for (const EstimatedParameter& param : e.params) at.push_back(param.fit.value);
  scaled(at, values, rows);
  std::vector<std::size_t> inner;
  for (std::size_t k = 0; k < p; ++k)
    if (!e.params[k].at_bound) inner.push_back(k);
  e.correlation.assign(p * p, kNaN);
  for (EstimatedParameter& param : e.params) param.error = param.lower = param.upper = kNaN;
  if (inner.empty()) return;

  // Columns in units of the ranges: the condition number then tells of the measurements, not of the units.
  Eigen::MatrixXd jacobian(Eigen::Index(n), Eigen::Index(inner.size()));
  const auto range = [&](std::size_t k) { return e.params[k].fit.upper - e.params[k].fit.lower; };
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t k = 0; k < inner.size(); ++k)
      jacobian(Eigen::Index(i), Eigen::Index(k)) = rows[i * p + inner[k]] * range(inner[k]);
  const Eigen::JacobiSVD<Eigen::MatrixXd> svd(jacobian, Eigen::ComputeThinV);
  const Eigen::VectorXd s = svd.singularValues();
  if (!(s.minCoeff() > 1e-10 * s.maxCoeff())) {
    e.warnings.push_back("the measurements do not tell the parameters apart: there are no intervals");
    return;
  }
  const Eigen::MatrixXd v = svd.matrixV() * s.cwiseInverse().asDiagonal(), covariance = v * v.transpose();
  for (std::size_t a = 0; a < inner.size(); ++a) {
    const auto row = Eigen::Index(a);
    EstimatedParameter& param = e.params[inner[a]];
    param.error = std::sqrt(covariance(row, row)) * range(inner[a]);
    param.lower = param.fit.value - quantile * param.error;
    param.upper = param.fit.value + quantile * param.error;
    for (std::size_t b = 0; b < inner.size(); ++b) {
      const auto column = Eigen::Index(b);
      e.correlation[inner[a] * p + inner[b]] =
          covariance(row, column) / std::sqrt(covariance(row, row) * covariance(column, column));
    }
  }
}

void warn(const std::vector<double>& residuals, bool sigma_given, Estimate& e) {
  const std::size_t p = e.params.size();
  for (std::size_t a = 0; a < p; ++a) {
    const EstimatedParameter& param = e.params[a];
    const FitParameter& f = param.fit;
    if (param.at_bound)
      e.warnings.push_back(
          fmt::format("{} ends at the edge of its bounds [{:g}, {:g}]: it has no interval, and those of "
                      "the others are for this value",
                      f.name, f.lower, f.upper));
    else if (param.upper - param.lower > f.upper - f.lower)
      e.warnings.push_back(
          fmt::format("the measurements hardly determine {}: its interval is wider than its bounds "
                      "[{:g}, {:g}]",
                      f.name, f.lower, f.upper));
    else if (param.lower < f.lower || param.upper > f.upper)
      e.warnings.push_back(
          fmt::format("the interval of {} goes beyond its bounds [{:g}, {:g}]", f.name, f.lower, f.upper));
    for (std::size_t b = 0; b < a; ++b)
      if (const double c = e.correlation[a * p + b]; std::abs(c) > 0.99)
        e.warnings.push_back(
            fmt::format("{} and {} can hardly be told apart: correlation {:.4f}", e.params[b].fit.name, f.name, c));
  }
  if (!sigma_given) return;
  double chi = 0;
  for (const double r : residuals) chi += r * r;
  if (boost::math::cdf(complement(boost::math::chi_squared(e.freedom), chi)) < 1e-3)
    e.warnings.push_back(
        fmt::format("residuals are {:.2g} times what the given sigma says: the model or sigma is wrong, "
                    "and the intervals are too narrow",
                    std::sqrt(chi / e.freedom)));
}

}  // namespace

Estimate estimate(const FitModel& model, const Measurements& m, const std::vector<FitParameter>& start) {
  const std::vector<double> measured = m.values();
  const std::size_t n = measured.size(), p = start.size();
  if (n <= p) throw Error(fmt::format("fit: expected more measurements than parameters, found {} for {}", n, p));
  Noise noise(m);
  FitResult best;
  for (int round = 0; round < 20; ++round) {
    std::vector<FitParameter> from = start;
    for (std::size_t k = 0; round > 0 && k < p; ++k) from[k].value = best.params[k].value;
    const FitModel scaled = over(model, noise.each());
    const auto scaled_measured = divided(measured, noise.each());
    best = round == 0 ? fit_from_everywhere(scaled, scaled_measured, start) : fit(scaled, scaled_measured, from);
    for (std::size_t i = 0; i < n; ++i) best.fitted[i] *= noise.each()[i];
    if (!noise.estimated() || noise.update(best.fitted, p) < 1e-6) break;
  }

  Estimate e;
  e.fitted = best.fitted;
  e.sigma = noise.of_output();
  e.freedom = int(n - p);
  std::vector<double> residuals;
  for (std::size_t i = 0; i < n; ++i) {
    const double r = e.fitted[i] - measured[i];
    e.rmse += r * r / double(n);
    residuals.push_back(r / noise.each()[i]);
  }
  e.rmse = std::sqrt(e.rmse);
  for (const FitParameter& f : best.params) {
    const double edge = kAtBound * (f.upper - f.lower);
    e.params.push_back({f, kNaN, kNaN, kNaN, f.value < f.lower + edge || f.value > f.upper - edge});
  }
  const double quantile = noise.estimated() ? boost::math::quantile(boost::math::students_t(e.freedom), 0.975)
                                            : boost::math::quantile(boost::math::normal(), 0.975);
  linearise(over(model, noise.each()), quantile, e);
  warn(residuals, !noise.estimated(), e);
  return e;
}

}  // namespace residua
