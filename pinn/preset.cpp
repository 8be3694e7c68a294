#include "pinn/preset.hpp"

#include <fmt/format.h>

#include "pinn/run_file.hpp"

namespace residua {
namespace {

constexpr std::string_view kHead = R"(# {}.
physics = "{}"
seed = 1

[network]
width = {}
depth = {}

[envelope]  # plant units; a range makes an input of the surrogate, a number fixes a parameter
)";

std::string stage_of(const Stage& stage) {
  std::string text = fmt::format("\n[[stage]]\noptimizer = \"{}\"\nsteps = {}\n", name_of(stage.method), stage.steps);
  if (is_first_order(stage.method))
    return text + fmt::format("learning_rate = {:g}\nfinal_learning_rate = {:g}\n", stage.learning_rate,
                              stage.final_learning_rate);
  return text + fmt::format(
                    "resample = {}      # steps between fresh points\n"
                    "more_points = {:g}    # times the points of each term\n"
                    "adaptive = {:g}       # draws points to large residuals\n",
                    stage.resample, stage.more_points, stage.adaptive);
}

std::string line_of(const Quantity& q, bool coordinate) {
  const bool varied = q.lower < q.upper;
  const std::string value = varied ? fmt::format("[{:g}, {:g}]", q.lower, q.upper) : fmt::format("{:g}", q.value);
  const std::string unit = q.unit == "-" ? "" : fmt::format("{}; ", q.unit);
  const std::string usual = coordinate || !varied ? "" : fmt::format("; usually {:g}", q.value);
  return fmt::format("{} = {}  # {}{}{}\n", q.name, value, unit, q.meaning, usual);
}

}  // namespace

std::string custom_run_file(const PhysicsInfo& physics) {
  const RunFile defaults = RunFile::parse(fmt::format("physics = \"{}\"", physics.name), "defaults");
  std::string text = fmt::format(fmt::runtime(kHead), physics.summary, physics.name, defaults.width, defaults.depth);
  for (const Quantity& q : physics.coords) text += line_of(q, true);
  for (const Quantity& q : physics.params) text += line_of(q, false);
  for (const TermInfo& term : physics.terms) {
    const TermSettings& settings = defaults.terms.at(std::string(term.name));
    text += fmt::format("\n[terms.{}]\npoints = {}\nweight = {:g}\n", term.name, settings.points, settings.weight);
    if (settings.grading != 1) text += fmt::format("grading = {:g}   # times denser early on\n", settings.grading);
  }
  for (const Stage& stage : defaults.stages) text += stage_of(stage);
  return text + "\n[surrogate]\nprecision = \"float64\"\n";
}

}  // namespace residua
