#pragma once
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "pinn/audit.hpp"
#include "surrogates/card.hpp"

namespace residua::commands {

inline void print_errors(const Card& card) {
  const Validation& v = card.validation;
  if (v.outputs.empty()) return fmt::print("not validated: the toolkit has no reference for this physics\n");
  fmt::print("errors against {} on {} unseen cases\n", v.reference, v.cases);
  fmt::print("  {:<20} {:>10} {:>10} {:>10}   {}\n", "output", "median", "worst", "default", "largest anywhere");
  for (std::size_t o = 0; o < v.outputs.size(); ++o)
    fmt::print("  {:<20} {:>10.2e} {:>10.2e} {:>10.2e}   {:.3g} {}\n", card.outputs[o].name, v.outputs[o].median,
               v.outputs[o].worst, v.outputs[o].default_case, v.outputs[o].max_abs, card.outputs[o].unit);
  fmt::print("  (relative L2 norm of the difference over a case's grid)\n");
  if (v.coverage == 0) return;
  fmt::print("a new case stays within these errors, at all points of its grid, with a chance of {:.0f} %\n",
             100 * v.coverage);
  for (std::size_t o = 0; o < v.outputs.size(); ++o)
    fmt::print("  {:<20} {:>10.3g} {}   (kept by {:.0f} % of cases that it was not found from)\n", card.outputs[o].name,
               v.outputs[o].bound, card.outputs[o].unit, 100 * v.outputs[o].covered);
}

/// Of the cases given, the default one first; nothing for a physics without a balance.
inline void print_balance(const Surrogate& surrogate, const std::vector<std::vector<double>>& cases) {
  double worst = 0;
  std::optional<Audit> first;
  for (const auto& params : cases) {
    const auto found = audit(surrogate, params);
    if (!found) return;
    if (!first) first = found;
    worst = std::max(worst, found->gap);
  }
  fmt::print("{} balance closes to {:.2g} % of {}", first->what, 100 * first->gap, first->of);
  if (cases.size() > 1) fmt::print(" in the default case, to {:.2g} % in the worst of {}", 100 * worst, cases.size());
  fmt::print("\n");
}

}  // namespace residua::commands
