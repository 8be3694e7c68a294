#include "pinn/march.hpp"

namespace residua {

std::vector<Problem> windows_of(const RunFile& run, const Problem& problem) {
  if (run.march.seams.empty()) return {problem};
  const Range time = problem.coord_range(time_coord(problem.physics()));
  std::vector<double> ends = run.march.seams;
  ends.push_back(time.upper);
  RunFile part = run;
  std::vector<Problem> problems;
  double start = time.lower;
  for (const double end : ends) {
    part.envelope["time"] = {start, end};
    problems.emplace_back(part);
    start = end;
  }
  return problems;
}

}  // namespace residua
