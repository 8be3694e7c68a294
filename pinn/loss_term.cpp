#include "pinn/loss_term.hpp"

#include <algorithm>
#include <cmath>

namespace residua {

std::vector<LossTerm> loss_terms_of(const RunFile& run, const Problem& problem, bool seam) {
  const PhysicsInfo& physics = problem.physics();
  const int count = int(physics.terms.size());
  std::vector<LossTerm> terms;
  const auto add = [&](const std::string& name, int index, std::string_view kernel, const TermSettings& settings) {
    LossTerm& term = terms.emplace_back();
    term.name = name;
    term.index = index;
    term.id = find_term(physics.name, kernel);
    term.settings = settings;
    term.mean_square.resize(std::size_t(problem.equations(index)));
  };
  for (int t = 0; t < count; ++t) {
    const std::string name(physics.terms[std::size_t(t)].name);
    const auto found = run.terms.find(name);
    const TermSettings settings = found == run.terms.end() ? TermSettings{} : found->second;
    if (settings.weight > 0) add(name, t, name, settings);
  }
  if (seam) add("seam", count, "answer", run.march.seam);
  return terms;
}

std::int64_t point_count(const LossTerm& term, const Stage& stage) {
  return std::max<std::int64_t>(1, std::llround(term.settings.points * stage.more_points));
}

}  // namespace residua
