#include "pinn/preset.hpp"

#include <fmt/format.h>

namespace residua {
namespace {

constexpr std::string_view kHead = R"(# {}.
physics = "{}"
seed = 1

[network]
width = 24
depth = 4

[envelope]  # plant units; a range makes an input of the surrogate, a number fixes a parameter
)";

constexpr std::string_view kStages = R"(
[[stage]]  # a warm start on fresh points at every step
optimizer = "adam"
steps = 1000
learning_rate = 5e-3
final_learning_rate = 5e-4

[[stage]]  # the accuracy comes from here
optimizer = "levenberg_marquardt"
steps = 300
resample = 20    # steps between fresh points
more_points = 4  # times the points of each term
adaptive = 1     # draws points to large residuals

[surrogate]
precision = "float64"
)";

std::string line_of(const Quantity& q, bool coordinate) {
  const bool varied = q.lower < q.upper;
  const std::string value = varied ? fmt::format("[{:g}, {:g}]", q.lower, q.upper) : fmt::format("{:g}", q.value);
  const std::string unit = q.unit == "-" ? "" : fmt::format("{}; ", q.unit);
  const std::string usual = coordinate || !varied ? "" : fmt::format("; usually {:g}", q.value);
  return fmt::format("{} = {}  # {}{}{}\n", q.name, value, unit, q.meaning, usual);
}

}  // namespace

std::string custom_run_file(const PhysicsInfo& physics) {
  std::string text = fmt::format(fmt::runtime(kHead), physics.summary, physics.name);
  for (const Quantity& q : physics.coords) text += line_of(q, true);
  for (const Quantity& q : physics.params) text += line_of(q, false);
  for (std::size_t t = 0; t < physics.terms.size(); ++t)
    text += fmt::format("\n[terms.{}]\npoints = {}\n{}", physics.terms[t].name, t == 0 ? 1500 : 300,
                        t == 0 ? "" : "weight = 10\n");
  return text + std::string(kStages);
}

}  // namespace residua
