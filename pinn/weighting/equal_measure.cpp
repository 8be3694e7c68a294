#include "pinn/weighting/equal_measure.hpp"

#include <numeric>

#include "pinn/archive.hpp"

namespace residua {
namespace {

constexpr double kShare = 0.1;   // of the new factors in the average
constexpr double kFloor = 1e-9;  // of the sum of measures: a term that is all but solved gets no infinite factor

}  // namespace

std::vector<double> EqualMeasure::renew(const Objective& objective, const double* weights) {
  std::vector<double> measures;
  for (const LossTerm& term : objective.terms()) measures.push_back(measure(objective, term, weights));
  const double sum = std::accumulate(measures.begin(), measures.end(), 0.0);
  const bool first = factors_.empty();
  factors_.resize(measures.size(), 1);
  if (!(sum > 0)) return factors_;
  for (std::size_t i = 0; i < measures.size(); ++i) {
    const double factor = sum / (measures[i] + kFloor * sum);
    factors_[i] = first ? factor : (1 - kShare) * factors_[i] + kShare * factor;
  }
  return factors_;
}

void EqualMeasure::save(OutputArchive& archive) const { write_value(archive, "factors", factors_); }

void EqualMeasure::load(InputArchive& archive) { factors_ = read_value(archive, "factors").toDoubleVector(); }

}  // namespace residua
