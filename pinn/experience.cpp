#include "pinn/experience.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "kernels/core/error.hpp"
#include "surrogates/familiarity.hpp"

namespace residua {
namespace {

constexpr double kUsual = 0.99;  ///< share of the points that the usual distance holds

std::vector<const std::vector<double>*> columns_of(const Table& table, const Card& card,
                                                   std::vector<std::string>& names) {
  std::vector<const std::vector<double>*> columns;
  for (const Variable& input : card.inputs)
    for (const Column& column : table.columns())
      if (column.name == input.name) {
        names.push_back(input.name);
        columns.push_back(&column.values);
      }
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
double usual_distance(const Experience& experience, const Card& card,
                      const std::vector<const std::vector<double>*>& columns) {
  Card with = card;
  with.experience = experience;
  with.experience.usual = 1;
  const Familiarity familiarity(with, "table");
  std::vector<double> distances, point(card.inputs.size());
  for (std::int64_t row = 0; row < experience.points; ++row) {
    for (std::size_t c = 0; c < columns.size(); ++c)
      for (std::size_t i = 0; i < card.inputs.size(); ++i)
        if (card.inputs[i].name == experience.inputs[c]) point[i] = (*columns[c])[std::size_t(row)];
    distances.push_back(familiarity.unfamiliarity(point));
  }
  std::sort(distances.begin(), distances.end());
  return distances[std::size_t(std::ceil(kUsual * double(distances.size()))) - 1];
}

}  // namespace

Experience experience_of(const Table& table, const Card& card, const std::string& source) {
  Experience experience;
  const auto columns = columns_of(table, card, experience.inputs);
  const std::size_t d = columns.size(), rows = table.rows();
  if (rows < 10 * d)
    throw Error(fmt::format("operating points: expected at least {} rows for {} inputs, found {}", 10 * d, d, rows));
  experience.source = source;
  experience.points = std::int64_t(rows);
  for (const auto* column : columns) experience.mean.push_back(mean_of(*column));
  for (std::size_t i = 0; i < d; ++i)
    for (std::size_t k = 0; k < d; ++k)
      experience.covariance.push_back(covariance_of(*columns[i], experience.mean[i], *columns[k], experience.mean[k]));
  for (std::size_t i = 0; i < d; ++i)
    if (const auto [least, most] = std::ranges::minmax(*columns[i]);
        !(least < most) || !std::isfinite(experience.covariance[i * d + i]))
      throw Error(fmt::format("operating points: column {}: expected finite numbers that vary: leave it out",
                              experience.inputs[i]));
  experience.usual = usual_distance(experience, card, columns);
  return experience;
}

}  // namespace residua
