#include "pinn/description.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/utsname.h>

#include <chrono>
#include <cmath>
#include <fstream>

#include "kernels/fused.hpp"
#include "kernels/parallel.hpp"
#include "pinn/code_version.hpp"

namespace residua {
namespace {

std::string to_text(Range range) {
  return range.lower < range.upper ? fmt::format("{:g} to {:g}", range.lower, range.upper)
                                   : fmt::format("{:g}", range.lower);
}

std::string envelope_text(const Problem& problem) {
  const PhysicsInfo& physics = problem.physics();
  std::string text = "envelope\n";
  for (std::size_t c = 0; c < physics.coords.size(); ++c)
    text += fmt::format("  {:<22} {} {}\n", physics.coords[c].name, to_text(problem.coord_range(int(c))),
                        physics.coords[c].unit);
  for (std::size_t p = 0; p < physics.params.size(); ++p) {
    const Quantity& q = physics.params[p];
    if (const int row = problem.design_row()[p]; row >= 0)
      text += fmt::format("  {:<22} {} {}\n", q.name, to_text(problem.design_range(row)), q.unit);
    else
      text += fmt::format("  {:<22} {:.6g} {} (fixed)\n", q.name, problem.params()[p] * q.scale, q.unit);
  }
  return text;
}

std::string terms_text(const RunFile& run) {
  std::string text = "terms of the loss\n";
  for (const auto& [name, term] : run.terms)
    text += fmt::format("  {:<22} {} points, weight {:g}{}\n", name, term.points, term.weight,
                        term.grading == 1 ? "" : fmt::format(", times graded by {:g}", term.grading));
  if (!run.march.seams.empty())
    text += fmt::format("  {:<22} {} points, weight {:g}\n", "seam", run.march.seam.points, run.march.seam.weight);
  text += fmt::format("sampling    {}\n", name_of(run.sampling));
  text += fmt::format("weighting   {}", name_of(run.balance.method));
  if (run.balance.method != Balance::fixed) text += fmt::format(", every {} steps at most", run.balance.every);
  text += '\n';
  if (run.causal)
    text += fmt::format("causal      tolerance {:g}, {} slabs of time, every {} steps at most\n", run.causal->tolerance,
                        run.causal->chunks, run.causal->every);
  return text;
}

std::string stage_text(const Stage& stage) {
  std::string text = fmt::format("{} {} steps, fresh points every {}, {:g} times the points", name_of(stage.method),
                                 stage.steps, stage.resample, stage.more_points);
  if (stage.adaptive > 0) text += fmt::format(", drawn to residuals to the power {:g}", stage.adaptive);
  if (stage.retain) text += ", those of large residuals retained";
  text += stage.float64 ? ", float64" : ", float32";
  if (is_first_order(stage.method))
    text += fmt::format(", learning rate {:g} to {:g}", stage.learning_rate, stage.final_learning_rate);
  if (stage.factorised) text += ", factorised";
  if (stage.method == Method::lbfgs) text += fmt::format(", history {}", stage.history);
  if (stage.method == Method::levenberg_marquardt) text += fmt::format(", solver {}", name_of(stage.solver));
  for (const auto& [name, range] : stage.envelope) text += fmt::format(", {} {}", name, to_text(range));
  return text;
}

std::string processor() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);)
    if (line.starts_with("model name")) return line.substr(std::min(line.find(':') + 2, line.size()));
  return "unknown processor";
}

}  // namespace

std::string describe(const RunFile& run, const Problem& problem) {
  const MlpShape& shape = problem.shape().trunk;
  std::string text = fmt::format("physics     {}\nnetwork     {} inputs, {} x {} {}, {} outputs: {} weights\n",
                                 run.physics, shape.inputs, shape.depth, shape.width, name_of(shape.activation),
                                 shape.outputs, problem.parameters());
  if (run.branch)
    text += fmt::format("branch      {} inputs, {} x {} tanh; points in {} cases\n", problem.design().size(),
                        run.branch->depth, run.branch->width, run.branch->cases);
  text += envelope_text(problem) + terms_text(run);
  text +=
      fmt::format("training    {} steps, seed {}, a checkpoint every {}", run.steps(), run.seed, run.checkpoint_every);
  if (run.members > 1) text += fmt::format(", {} members", run.members);
  if (!run.march.seams.empty())
    text +=
        fmt::format(", {} windows of time with seams at {:.6g}", run.march.windows(), fmt::join(run.march.seams, ", "));
  text += '\n';
  for (std::size_t s = 0; s < run.stages.size(); ++s)
    text += fmt::format("  stage {:<16} {}\n", s + 1, stage_text(run.stages[s]));
  text += fmt::format("surrogate   saved in {}, validated on {} unseen cases\n",
                      run.save_float64 ? "float64" : "float32", problem.design().empty() ? 0 : run.validation_cases);
  return text;
}

std::string describe_environment() {
  utsname system{};
  uname(&system);
  const auto now = std::chrono::time_point_cast<std::chrono::seconds>(std::chrono::system_clock::now());
  return fmt::format(
      "residua     {}\nstarted     {:%Y-%m-%dT%H:%M:%SZ}\nhost        {}, {} {} {}\nprocessor   {}, {} threads, {}\n",
      kCodeVersion, fmt::gmtime(now), system.nodename, system.sysname, system.release, system.machine, processor(),
      default_threads(), active_isa());
}

}  // namespace residua
