#include "pinn/slices.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "kernels/core/error.hpp"
#include "pinn/reference_answers.hpp"

namespace residua {
namespace {

std::vector<double> spaced(double lower, double upper, int points) {
  std::vector<double> axis;
  for (int i = 0; i < points; ++i) axis.push_back(lower + (upper - lower) * i / (points - 1));
  return axis;
}

/// One output of the surrogate along its first coordinate, a curve for each of a few values of the second one, with the
/// reference beside it where the toolkit has one.
class Slices {
 public:
  Slices(const Surrogate& surrogate, const std::string& output, const std::vector<std::pair<std::string, double>>& at)
      : surrogate_(surrogate), physics_(find_physics(surrogate_.card().physics)) {
    choose_output(output);
    choose_inputs(at);
    if (find_reference(physics_.name)) reference_.emplace(surrogate_);
  }

  LineChart chart() const {
    const auto inputs = surrogate_.inputs();
    const Variable& out = surrogate_.outputs()[output_];
    LineChart chart(fmt::format("{}: {}", physics_.name, out.name), label(inputs[0]), label(out));
    for (std::size_t s = 0; s < std::max<std::size_t>(1, second_.size()); ++s) {
      Grid fine{{spaced(inputs[0].lower, inputs[0].upper, 200)}},
          coarse{{spaced(inputs[0].lower, inputs[0].upper, 25)}};
      coarse.axes[0].erase(coarse.axes[0].begin());  // fields jump at the start of time
      for (Grid* grid : {&fine, &coarse})
        if (!second_.empty()) grid->axes.push_back({second_[s]});
      const std::string name = second_.empty() ? out.name : fmt::format("{} = {:.3g}", inputs[1].name, second_[s]);
      chart.add(name, fine.axes[0], predicted(fine), LineChart::Style::line, int(s));
      if (!reference_) continue;
      const auto expected = reference_->on(coarse, design_);
      const std::size_t n = coarse.points();
      const std::string once = s == 0 ? fmt::format("{} (points)", reference_->name()) : "";
      chart.add(once, coarse.axes[0],
                {expected.begin() + std::ptrdiff_t(output_ * n), expected.begin() + std::ptrdiff_t((output_ + 1) * n)},
                LineChart::Style::points, int(s));
    }
    return chart;
  }

  /// |surrogate - reference| over the first two coordinates, any third one in the middle; nothing without a reference.
  std::optional<HeatMap> error_map() const {
    if (!reference_ || physics_.coords.size() < 2) return {};
    constexpr int kPoints = 60;
    const auto inputs = surrogate_.inputs();
    Grid grid;
    for (std::size_t c = 0; c < physics_.coords.size(); ++c)
      grid.axes.push_back(c < 2 ? spaced(inputs[c].lower, inputs[c].upper, kPoints)
                                : std::vector{(inputs[c].lower + inputs[c].upper) / 2});
    if (inputs[0].name == "time")
      grid.axes[0] = spaced(inputs[0].lower + (inputs[0].upper - inputs[0].lower) / kPoints, inputs[0].upper,
                            kPoints);  // fields jump at its start
    const std::size_t n = grid.points();
    const auto expected = reference_->on(grid, design_), found = predicted(grid);
    HeatMap map{fmt::format("{}: |surrogate - reference| of {}", physics_.name, surrogate_.outputs()[output_].name),
                label(inputs[0]),
                label(inputs[1]),
                "",
                grid.axes[0],
                grid.axes[1],
                {},
                true};
    for (std::size_t i = 0; i < n; ++i) map.values.push_back(std::abs(found[i] - expected[output_ * n + i]));
    return map;
  }

 private:
  static std::string label(const Variable& v) { return axis_label(v.name, v.unit); }

  void choose_output(const std::string& name) {
    std::vector<std::string> names;
    for (const Variable& v : surrogate_.outputs()) names.push_back(v.name);
    const auto found = name.empty() ? names.begin() : std::find(names.begin(), names.end(), name);
    if (found == names.end())
      throw Error(fmt::format("--output: '{}': expected one of {}", name, fmt::join(names, ", ")));
    output_ = std::size_t(found - names.begin());
  }

  /// Design inputs: as given, or the default of the physics, or the middle of an envelope that does not hold the
  /// default.
  void choose_inputs(const std::vector<std::pair<std::string, double>>& given) {
    const auto inputs = surrogate_.inputs();
    const std::size_t coords = physics_.coords.size();
    for (std::size_t i = coords; i < inputs.size(); ++i) {
      double value = (inputs[i].lower + inputs[i].upper) / 2;
      for (const Quantity& q : physics_.params)
        if (q.name == inputs[i].name && q.value >= inputs[i].lower && q.value <= inputs[i].upper) value = q.value;
      design_.push_back(value);
    }
    if (coords > 1) second_ = spaced(inputs[1].lower, inputs[1].upper, 5);
    for (const auto& [name, value] : given) {
      const auto found = std::find_if(inputs.begin(), inputs.end(), [&](const Variable& v) { return v.name == name; });
      const std::size_t i = std::size_t(found - inputs.begin());
      if (found == inputs.end() || i == 0) {
        std::vector<std::string> names;
        for (std::size_t k = 1; k < inputs.size(); ++k) names.push_back(inputs[k].name);
        throw Error(fmt::format("--at: '{}': expected one of {}", name, fmt::join(names, ", ")));
      }
      if (i < coords)
        second_ = {value};
      else
        design_[i - coords] = value;
    }
  }

  std::vector<double> predicted(const Grid& grid) const {
    const std::size_t n = grid.points();
    std::vector<double> in = grid.rows(), out(surrogate_.outputs().size() * n);
    for (const double value : design_) in.insert(in.end(), n, value);
    surrogate_.predict(n, in, out);
    return {out.begin() + std::ptrdiff_t(output_ * n), out.begin() + std::ptrdiff_t((output_ + 1) * n)};
  }

  const Surrogate& surrogate_;
  const PhysicsInfo& physics_;
  std::size_t output_ = 0;
  std::vector<double> design_, second_;
  std::optional<ReferenceAnswers> reference_;
};

}  // namespace

LineChart slices(const Surrogate& surrogate, const std::string& output,
                 const std::vector<std::pair<std::string, double>>& at) {
  return Slices(surrogate, output, at).chart();
}

std::optional<HeatMap> error_map(const Surrogate& surrogate, const std::string& output,
                                 const std::vector<std::pair<std::string, double>>& at) {
  return Slices(surrogate, output, at).error_map();
}

}  // namespace residua
