#include <iterator>

#include "kernels/catalog.hpp"
#include "kernels/registry.hpp"

namespace residua {
namespace {

template <class Table>
std::span<const Quantity> span_of(const Table& table) {
  return {&table[0], sizeof table / sizeof(Quantity)};
}

template <class Ph>
void evaluate_features(const Points<double>& points, double* rows) {
  using X = Taylor<double, Channels{}>;
  for (std::int64_t i = 0; i < points.n; ++i) {
    X at[Ph::kCoords];
    double p[Ph::kParams];
    for (int c = 0; c < Ph::kCoords; ++c) at[c] = X(points.coords[c * points.n + i]);
    for (int q = 0; q < Ph::kParams; ++q) {
      const int row = points.design_row[q];
      p[q] = row < 0 ? points.params[q] : points.design[row * points.n + i];
    }
    const auto features = features_of<Ph>(at, p);
    for (int f = 0; f < kFeatures<Ph>; ++f) rows[f * points.n + i] = features[f].e[0];
  }
}

Region region_of(Side side) {
  return side == Side::inside ? Region::inside : side == Side::lower ? Region::lower : Region::upper;
}

template <class Ph>
PhysicsInfo describe() {
  PhysicsInfo info{Ph::name,
                   Ph::summary,
                   span_of(Ph::coords),
                   span_of(Ph::params),
                   span_of(Ph::fields),
                   span_of(outputs_of<Ph>()),
                   {},
                   kFeatures<Ph>,
                   {},
                   evaluate_features<Ph>};
  if constexpr (requires { Ph::states; }) {
    static_assert(std::size(Ph::states) == std::size(outputs_of<Ph>()));
    info.states = Ph::states;
  }
  if constexpr (requires { Ph::ill_posed(static_cast<const double*>(nullptr)); })
    info.ill_posed = [](const double* p) -> const char* { return Ph::ill_posed(p); };
  if constexpr (requires { Ph::grading; }) info.grading = Ph::grading;
  for_each_term<Ph>([&]<class Term>() {
    TermInfo term{Term::name, kEquationsOf<Ph, Term>, {}};
    for (int c = 0; c < Ph::kCoords; ++c) term.region.push_back(region_of(Term::region[c]));
    info.terms.push_back(term);
  });
  return info;
}

}  // namespace

std::vector<PhysicsInfo> describe_registry() {
  std::vector<PhysicsInfo> list;
  for_each_physics([&]<class Ph>() { list.push_back(describe<Ph>()); });
  return list;
}

}  // namespace residua
