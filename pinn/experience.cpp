#include "pinn/experience.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "kernels/core/error.hpp"
#include "surrogates/familiarity.hpp"

namespace residua {
namespace {

constexpr double kUsual = 0.99;  ///< share of the points that the usual distance holds

/// A column of the table, and which input of the surrogate it is.
struct Known {
  std::size_t input;
  const std::vector<double>* values;
};

std::vector<Known> columns_of(const Table& table, const Card& card) {
  std::vector<Known> columns;
  for (std::size_t i = 0; i < card.inputs.size(); ++i)
    for (const Column& column : table.columns())
      if (column.name == card.inputs[i].name) columns.push_back({i, &column.values});
  if (!columns.empty()) return columns;
  std::string known;
  for (const Variable& input : card.inputs) known += (known.empty() ? "" : ", ") + input.name;
  throw Error("no column of the table is an input of the surrogate: expected some of " + known);
}

double mean_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double v : values) sum += v;
  return sum / double(values.size());
}

double covariance_of(const std::vector<double>& a, double mean_a, const std::vector<double>& b, double mean_b) {
  double sum = 0;
  for (std::size_t k = 0; k < a.size(); ++k) sum += (a[k] - mean_a) * (b[k] - mean_b);
  return sum / double(a.size() - 1);
}

/// The distance within which the usual share of the points lies, in standard deviations.
double usual_distance(const Experience& experience, const Card& card, const std::vector<Known>& columns) {
  Card with = card;
  with.experience = experience;
  with.experience.usual = 1;
  const Familiarity familiarity(with, "table");
  std::vector<double> distances, point(card.inputs.size());
  for (std::size_t row = 0; row < std::size_t(experience.points); ++row) {
    for (const auto& [input, values] : columns) point[input] = (*values)[row];
    distances.push_back(familiarity.unfamiliarity(point));
  }
  std::sort(distances.begin(), distances.end());
  return distances[std::size_t(std::ceil(kUsual * double(distances.size()))) - 1];
}

}  // namespace

Experience experience_of(const Table& table, const Card& card, const std::string& source) {
  Experience experience;
  const std::vector<Known> columns = columns_of(table, card);
  const std::size_t d = columns.size(), rows = table.rows();
  if (rows < 10 * d)
    throw Error(fmt::format("operating points: expected at least {} rows for {} inputs, found {}", 10 * d, d, rows));
  experience.source = source;
  experience.points = std::int64_t(rows);
  for (const auto& [input, values] : columns) {
    experience.inputs.push_back(card.inputs[input].name);
    experience.mean.push_back(mean_of(*values));
  }
  for (std::size_t i = 0; i < d; ++i)
    for (std::size_t k = 0; k < d; ++k)
      experience.covariance.push_back(
          covariance_of(*columns[i].values, experience.mean[i], *columns[k].values, experience.mean[k]));
  for (std::size_t i = 0; i < d; ++i)
    if (const auto [least, most] = std::ranges::minmax(*columns[i].values);
        !(least < most) || !std::isfinite(experience.covariance[i * d + i]))
      throw Error(fmt::format("operating points: column {}: expected finite numbers that vary: leave it out",
                              experience.inputs[i]));
  experience.usual = usual_distance(experience, card, columns);
  return experience;
}

}  // namespace residua
