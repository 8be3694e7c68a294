#include "pinn/points_in_use.hpp"

#include <fmt/format.h>

#include "kernels/core/error.hpp"
#include "pinn/checkpoint.hpp"
#include "pinn/ops.hpp"

namespace residua {

std::vector<TermPoints> points_in_use(const std::filesystem::path& checkpoint, const RunFile& run) {
  const std::vector<at::Tensor> points = load_checkpoint(checkpoint).points;
  std::vector<std::string> names = run.loss_terms();
  if (run.march.windows() > 1 && points.size() + 2 == 2 * names.size()) names.pop_back();  // no seam before the first
  if (points.size() != 2 * names.size())
    throw Error(fmt::format("{}: holds points of {} terms: expected {}, as in the run file", checkpoint.string(),
                            points.size() / 2, names.size()));
  std::vector<TermPoints> all;
  for (std::size_t t = 0; t < names.size(); ++t)
    all.push_back({names[t], ops::samples_of(points[2 * t], points[2 * t + 1])});
  return all;
}

}  // namespace residua
