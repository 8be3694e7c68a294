#include "pinn/weighting/relobralo.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "pinn/archive.hpp"

namespace residua {
namespace {

/// Larger for terms that have come down less since `before`; 1 on average.
std::vector<double> balanced(const std::vector<double>& now, const std::vector<double>& before) {
  constexpr double kTemperature = 0.1, kTiny = 1e-300;
  std::vector<double> shares;
  for (std::size_t i = 0; i < now.size(); ++i) shares.push_back(now[i] / (kTemperature * (before[i] + kTiny)));
  const double largest = *std::max_element(shares.begin(), shares.end());
  for (double& share : shares) share = std::exp(share - largest);
  const double sum = std::accumulate(shares.begin(), shares.end(), 0.0);
  for (double& share : shares) share *= double(now.size()) / sum;
  return shares;
}

}  // namespace

Relobralo::Relobralo(int every, std::uint64_t seed) : memory_(std::pow(0.999, every)), seed_(seed) {}

std::vector<double> Relobralo::renew(const Objective& objective, const double* weights) {
  std::vector<double> now;
  for (const LossTerm& term : objective.terms()) {
    const std::vector<double> squares = objective.squares(term, weights);
    now.push_back(std::accumulate(squares.begin(), squares.end(), 0.0) / double(squares.size()));
  }
  if (looks_++ == 0) {
    first_ = last_ = now;
    return factors_ = std::vector<double>(now.size(), 1);
  }
  const std::vector<double> since_start = balanced(now, first_), since_last = balanced(now, last_);
  const bool back = uniform_points(1, 1, seed_ * 0x9E3779B97F4A7C15u + std::uint64_t(looks_))[0] >= memory_;
  for (std::size_t i = 0; i < now.size(); ++i)
    factors_[i] = memory_ * (back ? since_start[i] : factors_[i]) + (1 - memory_) * since_last[i];
  last_ = now;
  return factors_;
}

void Relobralo::save(OutputArchive& archive) const {
  write_value(archive, "looks", looks_);
  write_value(archive, "first", first_);
  write_value(archive, "last", last_);
  write_value(archive, "factors", factors_);
}

void Relobralo::load(InputArchive& archive) {
  looks_ = read_value(archive, "looks").toInt();
  first_ = read_value(archive, "first").toDoubleVector();
  last_ = read_value(archive, "last").toDoubleVector();
  factors_ = read_value(archive, "factors").toDoubleVector();
}

}  // namespace residua
