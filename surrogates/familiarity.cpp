#include "surrogates/familiarity.hpp"

#include <fmt/format.h>

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/core/error.hpp"

namespace residua {
namespace {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

[[noreturn]] void fail(const std::string& where, const std::string& what) {
  throw Error(where + ": experience: " + what);
}

std::size_t position_of(const Card& card, const std::string& name, const std::string& where) {
  const auto found = std::find_if(card.inputs.begin(), card.inputs.end(), [&](auto& v) { return v.name == name; });
  if (found == card.inputs.end()) fail(where, fmt::format("'{}' is no input of the surrogate", name));
  return std::size_t(found - card.inputs.begin());
}

void check_numbers(const Experience& experience, const std::string& where) {
  const std::size_t d = experience.inputs.size();
  if (d == 0 || experience.points < 1 || experience.mean.size() != d || experience.covariance.size() != d * d)
    fail(where, fmt::format("expected a mean [{}] and a covariance [{}][{}] of at least one input and point, found {} "
                            "and {} numbers of {} points",
                            d, d, d, experience.mean.size(), experience.covariance.size(), experience.points));
  const auto finite = [](double v) { return std::isfinite(v); };
  if (!std::all_of(experience.mean.begin(), experience.mean.end(), finite) ||
      !std::all_of(experience.covariance.begin(), experience.covariance.end(), finite))
    fail(where, "expected finite numbers");
  if (!std::isfinite(experience.usual) || experience.usual <= 0)
    fail(where, fmt::format("expected a usual distance above 0, found {}", experience.usual));
}

}  // namespace

Familiarity::Familiarity(const Card& card, const std::string& where) {
  const Experience& experience = card.experience;
  if (experience.points == 0 && experience.inputs.empty()) return;
  check_numbers(experience, where);
  for (const std::string& name : experience.inputs) {
    const std::size_t position = position_of(card, name, where);
    if (std::find(position_.begin(), position_.end(), position) != position_.end())
      fail(where, fmt::format("expected each input once, found '{}' again", name));
    position_.push_back(position);
  }
  mean_ = experience.mean;
  const auto d = Eigen::Index(mean_.size());
  const Eigen::Map<const Matrix> covariance(experience.covariance.data(), d, d);
  const Eigen::LLT<Matrix> cholesky(covariance);
  if (!covariance.isApprox(covariance.transpose(), 1e-12) || cholesky.info() != Eigen::Success)
    fail(where, "expected a symmetric, positive definite covariance");
  const Matrix inverse = cholesky.matrixL().solve(Matrix::Identity(d, d)) / experience.usual;
  for (Eigen::Index row = 0; row < d; ++row)
    for (Eigen::Index column = 0; column <= row; ++column) whiten_.push_back(inverse(row, column));
}

double Familiarity::unfamiliarity(std::span<const double> in) const noexcept {
  if (mean_.empty()) return std::numeric_limits<double>::quiet_NaN();
  double squares = 0;
  const double* w = whiten_.data();
  for (std::size_t row = 0; row < mean_.size(); ++row) {
    double sum = 0;
    for (std::size_t k = 0; k <= row; ++k) sum += *w++ * (in[position_[k]] - mean_[k]);
    squares += sum * sum;
  }
  return std::sqrt(squares);
}

}  // namespace residua
