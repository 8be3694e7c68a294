#include "pinn/march.hpp"

namespace residua {

std::vector<double> seams_of(const RunFile& run, const Problem& problem) {
  const Range time = problem.coord_range(time_coord(problem.physics()));
  std::vector<double> seams;
  for (int w = 1; w < run.march.windows; ++w)
    seams.push_back(time.lower + (time.upper - time.lower) * w / run.march.windows);
  return seams;
}

std::vector<Problem> windows_of(const RunFile& run, const Problem& problem) {
  if (run.march.windows == 1) return {problem};
  std::vector<double> ends = seams_of(run, problem);
  ends.push_back(problem.coord_range(time_coord(problem.physics())).upper);
  RunFile part = run;
  std::vector<Problem> problems;
  double start = problem.coord_range(time_coord(problem.physics())).lower;
  for (const double end : ends) {
    part.envelope["time"] = {start, end};
    problems.emplace_back(part);
    start = end;
  }
  return problems;
}

}  // namespace residua
