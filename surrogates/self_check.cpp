// Compiled for the first instruction set only.
#include "surrogates/self_check.hpp"

#include <tuple>

#include "kernels/registry.hpp"
#include "surrogates/answer.hpp"

namespace residua {
namespace {

template <class Ph>
void residual(const Plan<double>& plan, const double* in, double* rows) {
  using Interior = std::tuple_element_t<0, typename Ph::Terms>;
  static_assert(Layers<double, kChannelsOf<Ph, Interior>>::kStackBytes <= kStackLimit);
  const auto left = rows_at<Ph, Interior, double>(plan, [&](int i) { return in[i]; });
  for (int e = 0; e < kEquationsOf<Ph, Interior>; ++e) rows[e] = left[e];
}

}  // namespace

Equations equations_of(int physics) {
  Equations found{};
  int index = 0;
  for_each_physics([&]<class Ph>() {
    if (index++ == physics) found = {kEquationsOf<Ph, std::tuple_element_t<0, typename Ph::Terms>>, residual<Ph>};
  });
  return found;
}

}  // namespace residua
