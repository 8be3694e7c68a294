#include "pinn/plot.hpp"

#include <fmt/format.h>

#include <csignal>
#include <cstdio>
#include <iterator>

#include "datasets/atomic_file.hpp"
#include "kernels/core/error.hpp"

namespace residua {
namespace {

constexpr const char* kColours[] = {"#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"};

/// Text as gnuplot's single-quoted string.
std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("''") : c == '\n' ? std::string(" ") : std::string(1, c);
  return out + "'";
}

}  // namespace

LineChart::LineChart(std::string title, std::string x_label, std::string y_label)
    : title_(std::move(title)), x_label_(std::move(x_label)), y_label_(std::move(y_label)) {}

void LineChart::add(const std::string& label, const std::vector<double>& x, const std::vector<double>& y, Style style,
                    int colour) {
  curves_.push_back({label, x, y, style, colour});
}

void LineChart::save(const std::filesystem::path& path) const {
  const std::string ending = path.extension().string();
  const char* terminal = ending == ".png"   ? "pngcairo size 1200,750 font 'DejaVu Sans,15'"
                         : ending == ".svg" ? "svg size 1200,750 dynamic font 'DejaVu Sans,15'"
                                            : nullptr;
  if (!terminal) throw Error(fmt::format("{}: expected a name that ends in .png or .svg", path.string()));
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  if (!std::filesystem::is_directory(folder))
    throw Error(fmt::format("{}: expected a folder, found none of that name", folder.string()));
  StagedFile staged(path);
  std::string script = fmt::format(
      "set terminal {} noenhanced\nset output {}\nset title {}\nset xlabel {}\nset ylabel {}\n"
      "set grid lc rgb '#dddddd'\nset border 3 lc rgb '#444444'\nset tics nomirror\n"
      "set key outside right top spacing 1.2\nplot ",
      terminal, quoted(staged.path().string()), quoted(title_), quoted(x_label_), quoted(y_label_));
  for (std::size_t i = 0; i < curves_.size(); ++i) {
    const Curve& curve = curves_[i];
    const char* colour = kColours[std::size_t(curve.colour) % std::size(kColours)];
    script += fmt::format("{}'-' {} lc rgb '{}' {}", i ? ", " : "",
                          curve.style == Style::line ? "with lines lw 2.5" : "with points pt 6 ps 1.1 lw 1.5", colour,
                          curve.label.empty() ? "notitle" : "title " + quoted(curve.label));
  }
  script += "\n";
  for (const Curve& curve : curves_) {
    for (std::size_t i = 0; i < curve.x.size(); ++i) script += fmt::format("{} {}\n", curve.x[i], curve.y[i]);
    script += "e\n";
  }
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
