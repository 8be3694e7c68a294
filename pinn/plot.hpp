#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace residua {

/// A line chart, drawn by gnuplot into a PNG or SVG file (by the ending of its name). Colours are those of Okabe and
/// Ito, which colour-blind readers can tell apart, and each has dashes and marks of its own, for print without colour;
/// lines of one colour belong together.
class LineChart {
 public:
  LineChart(std::string title, std::string x_label, std::string y_label);

  enum class Style { line, points };
  /// `colour` counts from 0; an empty label keeps the curve out of the legend.
  void add(const std::string& label, const std::vector<double>& x, const std::vector<double>& y, Style style,
           int colour);

  void set_logarithmic(bool x, bool y);  ///< values that are not positive are left out of such an axis

  /// What gnuplot is told; for save_panels().
  std::string script() const;
  /// As save_panels() of this chart alone.
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
  bool log_x_ = false, log_y_ = false;
};

/// A quantity's name with its unit, if it has one ("-": none).
std::string axis_label(std::string_view name, std::string_view unit);

/// A map of values over two coordinates in colours that rise in brightness, and so survive print and colour blindness.
struct HeatMap {
  std::string title, x_label, y_label, value_label;
  std::vector<double> x, y;    ///< evenly spaced
  std::vector<double> values;  ///< [x][y], finite
  bool logarithmic = false;    ///< values are 0 or more then, and drawn down to a millionth of the largest

  std::string script() const;
};

/// Points over two quantities, coloured by a third on a logarithmic scale.
struct ColouredPoints {
  std::string title, x_label, y_label, value_label;
  std::vector<double> x, y, values;  ///< values are positive

  std::string script() const;
};

/// Drawings by their scripts, row by row, as one picture. Throws Error if gnuplot is missing or fails, or if the ending
/// is neither .png nor .svg.
void save_panels(const std::vector<std::string>& scripts, int columns, const std::filesystem::path& path);

}  // namespace residua
