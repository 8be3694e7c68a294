#pragma once
#include <cmath>
#include <cstdint>
#include <sstream>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "kernels/core/physics.hpp"

namespace residua {

/// What a case of exact() leaves of an equation that it should solve.
struct ExactDefect {
  std::string_view physics, exact_case, term;
  int equation;
  double residual;  ///< the largest found
};

inline namespace RESIDUA_ISA {

/// Puts every case of exact() of a physics, if it has that, into the equations that it names, at points all over the
/// default ranges, and tells where it leaves more than `bound`. Rounding leaves some 1e-12, since residuals are scaled
/// to the size of one; a wrong sign or factor leaves much more.
template <class Ph>
std::vector<ExactDefect> exact_defects(double bound, int points = 200) {
  std::vector<ExactDefect> defects;
  const auto solves = [](std::string_view terms, std::string_view term) {
    std::istringstream words{std::string(terms)};
    for (std::string word; words >> word;)
      if (word == term) return true;
    return term == "interior";
  };
  const auto try_case = [&](const auto& exact) {
    for_each_term<Ph>([&]<class Term>() {
      if (!solves(exact.terms, Term::name)) return;
      constexpr Channels kRead = kChannelsOf<Ph, Term>;
      using V = Taylor<double, kRead>;
      double largest[kEquationsOf<Ph, Term>]{};
      for (int n = 0; n < points; ++n) {
        V at[Ph::kCoords];
        Jet<double, Ph::kFields, Ph::kCoords, kRead> u;
        for (int c = 0; c < Ph::kCoords; ++c) {
          const Quantity& q = Ph::coords[c];
          const double turn = std::sqrt(double(c * c + 3 * c + 7)) * (n + 1), inside = turn - std::floor(turn);
          const double where = Term::region[c] == Side::lower ? 0 : Term::region[c] == Side::upper ? 1 : inside;
          u.x[c] = (q.lower + where * (q.upper - q.lower)) / q.scale;
          at[c] = V::coordinate(u.x[c], c);
        }
        exact.solution(at, u.field);
        const auto rows = Term::residual(exact.params, u);
        for (int e = 0; e < rows.kCount; ++e) {
          const double left = std::abs(rows[e]);
          if (!(left <= largest[e])) largest[e] = left;  // also if it is not a number
        }
      }
      for (int e = 0; e < kEquationsOf<Ph, Term>; ++e)
        if (!(largest[e] <= bound)) defects.push_back({Ph::name, exact.name, Term::name, e, largest[e]});
    });
  };
  if constexpr (requires { Ph::exact(); })
    std::apply([&](const auto&... exact) { (try_case(exact), ...); }, Ph::exact());
  return defects;
}

}  // namespace RESIDUA_ISA

}  // namespace residua
