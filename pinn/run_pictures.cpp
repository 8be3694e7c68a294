#include "pinn/run_pictures.hpp"

#include <fmt/format.h>

#include <cmath>

#include "datasets/published.hpp"
#include "kernels/core/error.hpp"
#include "pinn/coverage.hpp"
#include "pinn/plot.hpp"
#include "pinn/points_in_use.hpp"
#include "pinn/residual_map.hpp"
#include "pinn/run_file.hpp"
#include "pinn/sample_map.hpp"
#include "pinn/slices.hpp"
#include "surrogates/file.hpp"
#include "surrogates/surrogate.hpp"

namespace residua {
namespace {

LineChart losses(const Table& metrics, const std::vector<std::string>& terms, const std::string& against,
                 const std::string& label) {
  LineChart chart(fmt::format("Loss against {}", label), label, "loss, mean square residuals");
  chart.set_logarithmic(false, true);
  chart.add("loss", metrics[against], metrics["loss"], LineChart::Style::line, 6);
  if (terms.size() == 1) return chart;  // the loss is its mean square
  int colour = 0;
  for (const std::string& term : terms) {
    std::vector<double> x, y;
    for (std::size_t i = 0; i < metrics.rows(); ++i)
      if (!std::isnan(metrics[term][i])) {
        x.push_back(metrics[against][i]);
        y.push_back(metrics[term][i]);
      }
    chart.add(term, x, y, LineChart::Style::line, colour++);
  }
  return chart;
}

}  // namespace

std::vector<RunPicture> pictures_of(const RunFolder& folder) {
  if (!std::filesystem::exists(folder.metrics()))
    throw Error(fmt::format("{}: no run there: expected a folder that residua train made", folder.path().string()));
  const RunFile run = RunFile::read(folder.run_file());
  const auto terms = run.loss_terms();
  const Table metrics = read_csv(folder.metrics(), {.optional_columns = terms, .min_rows = 0});
  std::vector<RunPicture> pictures;
  if (metrics.rows() > 0)
    pictures.push_back({"loss",
                        "The loss as the optimizer sees it, without the balance of terms, and the mean square "
                        "residual of each term.",
                        {losses(metrics, terms, "step", "step").script(),
                         losses(metrics, terms, "seconds", "seconds of training").script()}});
  const Problem problem(run);
  if (std::filesystem::exists(folder.checkpoint()))
    if (auto panels = sample_map(points_in_use(folder.checkpoint(), run), problem); !panels.empty())
      pictures.push_back({"points",
                          "The points that training used last: where they lie over the first two coordinates, and how "
                          "dense those of the interior are along each input.",
                          std::move(panels)});
  if (!std::filesystem::exists(folder.surrogate())) return pictures;
  const Surrogate surrogate(folder.surrogate());
  for (const Variable& output : surrogate.outputs()) {
    RunPicture picture{
        output.name,
        fmt::format("{} at the default case: the surrogate as lines, the reference as points where there "
                    "is one, and the error over the first two coordinates.",
                    output.name),
        {slices(surrogate, output.name, {}).script()}};
    if (const auto map = error_map(surrogate, output.name, {})) picture.panels.push_back(map->script());
    pictures.push_back(std::move(picture));
  }
  if (const auto map = residual_map(load(folder.surrogate()), problem))
    pictures.push_back({"residual",
                        "What is left of the equations at the default case, over the first two coordinates: where a "
                        "surrogate is doubtful even where there is no reference.",
                        {map->script()}});
  constexpr int kCases = 64;
  if (auto panels = coverage(surrogate, problem, std::min(kCases, run.validation_cases), run.seed); !panels.empty())
    pictures.push_back(
        {"coverage",
         "Unseen cases over the design inputs, two by two: the brighter, the larger the relative error of "
         "the worst output.",
         std::move(panels)});
  return pictures;
}

}  // namespace residua
