#include "pinn/plot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <iterator>

#include "datasets/atomic_file.hpp"
#include "kernels/core/error.hpp"

namespace residua {
namespace {

/// How the curves of one colour are drawn: dashes and marks tell them apart where there is no colour.
struct Pen {
  const char *colour, *dashes;
  int mark;
};
constexpr Pen kPens[] = {{"#0072B2", "solid", 6},       {"#D55E00", "(12,5)", 4}, {"#009E73", "(3,4)", 8},
                         {"#CC79A7", "(14,4,3,4)", 12}, {"#E69F00", "(6,3)", 10}, {"#56B4E9", "(18,3,2,3,2,3)", 2},
                         {"#000000", "solid", 1}};

/// Colours that rise in brightness.
constexpr const char* kBrightening =
    "set palette defined (0 '#440154', 1 '#3b528b', 2 '#21918c', 3 '#5ec962', 4 '#fde725')\n";

/// Text as gnuplot's single-quoted string.
std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("''") : c == '\n' ? std::string(" ") : std::string(1, c);
  return out + "'";
}

/// The scale of colours for positive values from least to most: logarithmic, with ticks where decades are too far apart
/// to have any; linear for values that are nearly the same.
std::string colour_scale(double least, double most) {
  const double decades = std::log10(most / least);
  if (!(decades > 0.5)) return "set format cb '%.1e'\n";
  const std::string scale = "set logscale cb\nset format cb '%.0e'\n";
  if (decades > 2) return scale;
  std::string ticks;
  for (int decade = int(std::floor(std::log10(least))); std::pow(10, decade) <= most; ++decade)
    for (const int digit : {1, 2, 5}) ticks += fmt::format("{}{}e{}", ticks.empty() ? "" : ", ", digit, decade);
  return fmt::format("{}set cbtics ({})\n", scale, ticks);
}

}  // namespace

LineChart::LineChart(std::string title, std::string x_label, std::string y_label)
    : title_(std::move(title)), x_label_(std::move(x_label)), y_label_(std::move(y_label)) {}

void LineChart::add(const std::string& label, const std::vector<double>& x, const std::vector<double>& y, Style style,
                    int colour) {
  curves_.push_back({label, x, y, style, colour});
}

void LineChart::set_logarithmic(bool x, bool y) {
  log_x_ = x;
  log_y_ = y;
}

std::string LineChart::script() const {
  std::string script = fmt::format(
      "set title {}\nset xlabel {}\nset ylabel {}\n"
      "set grid lc rgb '#dddddd'\nset border 3 lc rgb '#444444'\nset tics nomirror\n"
      "set key below center spacing 1.2\n",
      quoted(title_), quoted(x_label_), quoted(y_label_));
  if (log_x_) script += "set logscale x\nset format x '%.0e'\n";
  if (log_y_) script += "set logscale y\nset format y '%.0e'\n";
  if (std::ranges::all_of(curves_, [](const Curve& c) { return c.label.empty(); })) script += "unset key\n";
  script += "plot ";
  for (std::size_t i = 0; i < curves_.size(); ++i) {
    const Curve& curve = curves_[i];
    const Pen& pen = kPens[std::size_t(curve.colour) % std::size(kPens)];
    const std::string drawn = curve.style == Style::line ? fmt::format("with lines lw 2.5 dt {}", pen.dashes)
                                                         : fmt::format("with points pt {} ps 1.1 lw 1.5", pen.mark);
    script += fmt::format("{}'-' {} lc rgb '{}' {}", i ? ", " : "", drawn, pen.colour,
                          curve.label.empty() ? "notitle" : "title " + quoted(curve.label));
  }
  script += "\n";
  for (const Curve& curve : curves_) {
    for (std::size_t i = 0; i < curve.x.size(); ++i)
      if ((!log_x_ || curve.x[i] > 0) && (!log_y_ || curve.y[i] > 0))
        script += fmt::format("{} {}\n", curve.x[i], curve.y[i]);
    script += "e\n";
  }
  return script;
}

void LineChart::save(const std::filesystem::path& path) const { save_panels({script()}, 1, path); }

std::string ColouredPoints::script() const {
  std::string script = fmt::format(
      "set title {}\nset xlabel {}\nset ylabel {}\nset cblabel {}\nset grid lc rgb '#dddddd'\nset border lc rgb "
      "'#444444'\n"
      "set tics out nomirror\nunset key\nset offsets graph 0.05, graph 0.05, graph 0.05, graph 0.05\n"
      "{}{}plot '-' with points pt 7 ps 1.6 palette, '' with points pt 6 ps 1.6 "
      "lc rgb '#444444'\n",
      quoted(title), quoted(x_label), quoted(y_label), quoted(value_label),
      colour_scale(*std::ranges::min_element(values), *std::ranges::max_element(values)), kBrightening);
  for (int layer = 0; layer < 2; ++layer) {  // the colours, then rims, which light ones need on white
    for (std::size_t i = 0; i < x.size(); ++i) script += fmt::format("{} {} {}\n", x[i], y[i], values[i]);
    script += "e\n";
  }
  return script;
}

std::string axis_label(std::string_view name, std::string_view unit) {
  return unit == "-" ? std::string(name) : fmt::format("{} [{}]", name, unit);
}

std::string HeatMap::script() const {
  std::string script = fmt::format(
      "set title {}\nset xlabel {}\nset ylabel {}\nset cblabel {}\nset border lc rgb '#444444'\nset tics out nomirror\n"
      "unset key\nset xrange [{}:{}]\nset yrange [{}:{}]\n{}",
      quoted(title), quoted(x_label), quoted(y_label), quoted(value_label), x.front(), x.back(), y.front(), y.back(),
      kBrightening);
  // None is 0 on a logarithmic scale.
  const auto [smallest, largest] = std::ranges::minmax_element(values);
  const double least = logarithmic ? 1e-6 * std::max(1e-300, *largest) : -INFINITY;
  if (logarithmic) script += colour_scale(std::max(*smallest, least), std::max(*largest, least));
  script += "plot '-' with image pixels\n";
  for (std::size_t i = 0; i < x.size(); ++i)
    for (std::size_t j = 0; j < y.size(); ++j)
      script += fmt::format("{} {} {}\n", x[i], y[j], std::max(values[i * y.size() + j], least));
  return script + "e\n";
}

void save_panels(const std::vector<std::string>& scripts, int columns, const std::filesystem::path& path) {
  const std::string ending = path.extension().string();
  const int rows = (int(scripts.size()) + columns - 1) / columns;
  const int width = columns == 1 ? 1200 : 800 * columns, height = columns == 1 && rows == 1 ? 750 : 520 * rows;
  const char* terminal = ending == ".png" ? "pngcairo" : ending == ".svg" ? "svg" : nullptr;
  if (!terminal) throw Error(fmt::format("{}: expected a name that ends in .png or .svg", path.string()));
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  if (!std::filesystem::is_directory(folder))
    throw Error(fmt::format("{}: expected a folder, found none of that name", folder.string()));
  StagedFile staged(path);
  std::string script =
      fmt::format("set terminal {} size {},{} {} noenhanced font 'DejaVu Sans,15'\nset output {}\n", terminal, width,
                  height, ending == ".svg" ? "dynamic" : "", quoted(staged.path().string()));
  if (scripts.size() > 1) script += fmt::format("set multiplot layout {},{}\n", rows, columns);
  for (const std::string& panel : scripts) script += "reset\n" + panel;
  // Its complaints take many lines; ours takes one. A script that fails midway must not end this program by SIGPIPE.
  const auto before = std::signal(SIGPIPE, SIG_IGN);
  FILE* gnuplot = popen("gnuplot >/dev/null 2>&1", "w");
  const bool written = gnuplot && std::fwrite(script.data(), 1, script.size(), gnuplot) == script.size();
  const bool drawn = gnuplot && pclose(gnuplot) == 0;
  std::signal(SIGPIPE, before);
  if (!written || !drawn)
    throw Error(fmt::format("{}: gnuplot failed: expected the Debian package gnuplot-nox", path.string()));
  staged.commit();
}

}  // namespace residua
