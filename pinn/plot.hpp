#pragma once
#include <filesystem>
#include <string>
#include <vector>

namespace residua {

/// A line chart, drawn by gnuplot into a PNG or SVG file (by the ending of its name). Colours are those of Okabe and
/// Ito, which colour-blind readers can tell apart; lines of one colour belong together.
class LineChart {
 public:
  LineChart(std::string title, std::string x_label, std::string y_label);

  enum class Style { line, points };
  /// `colour` counts from 0; an empty label keeps the curve out of the legend.
  void add(const std::string& label, const std::vector<double>& x, const std::vector<double>& y, Style style,
           int colour);

  /// Throws Error if gnuplot is missing or fails, or if the ending is neither .png nor .svg.
  void save(const std::filesystem::path& path) const;

 private:
  struct Curve {
    std::string label;
    std::vector<double> x, y;
    Style style;
    int colour;
  };
  std::string title_, x_label_, y_label_;
  std::vector<Curve> curves_;
};

}  // namespace residua
