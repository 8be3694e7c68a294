#include "bench/problem_file.hpp"

#include <fmt/format.h>

#include <bit>
#include <fstream>
#include <numeric>

#include "kernels/core/error.hpp"

namespace residua::bench {
namespace {

static_assert(std::endian::native == std::endian::little, "these files hold little-endian numbers");

void write_doubles(std::ofstream& file, const std::vector<double>& values) {
  file.write(reinterpret_cast<const char*>(values.data()), std::streamsize(values.size() * sizeof(double)));
}

void finish(std::ofstream& file, const std::string& path) {
  file.close();
  if (!file) throw Error(fmt::format("{}: cannot be written", path));
}

}  // namespace

void write_problem(const Problem& problem, const std::string& path) {
  const PhysicsInfo& physics = *problem.physics;
  std::string params;
  for (std::size_t p = 0; p < physics.params.size(); ++p)
    params += fmt::format("{}[\"{}\", {}]", p ? ", " : "", physics.params[p].name, problem.design_row[p]);
  const std::pair<const char*, const std::vector<double>*> arrays[] = {
      {"weights", &problem.weights}, {"center", &problem.center}, {"scale", &problem.scale},
      {"coords", &problem.coords},   {"design", &problem.design}, {"params", &problem.params}};
  std::string sizes;
  for (const auto& [name, values] : arrays)
    sizes += fmt::format("{}[\"{}\", {}]", sizes.empty() ? "" : ", ", name, values->size());

  std::ofstream file(path, std::ios::binary);
  file << fmt::format(
      R"({{"physics": "{}", "points": {}, "features": {}, "inputs": {}, "width": {}, "depth": {}, "outputs": {}, )"
      R"("param_rows": [{}], "arrays": [{}]}})"
      "\n",
      physics.name, problem.n, physics.features, problem.shape.inputs, problem.shape.width, problem.shape.depth,
      problem.shape.outputs, params, sizes);
  for (const auto& [name, values] : arrays) write_doubles(file, *values);
  finish(file, path);
}

void write_answer(const std::vector<double>& loss, const std::vector<double>& gradient, const std::string& path) {
  std::ofstream file(path, std::ios::binary);
  write_doubles(file, {std::accumulate(loss.begin(), loss.end(), 0.)});
  write_doubles(file, gradient);
  finish(file, path);
}

}  // namespace residua::bench
