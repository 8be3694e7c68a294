#include "kernels/residual.hpp"

#include "kernels/isa.hpp"

namespace residua {

std::vector<JetRow> jet_rows(TermId term) {
  const TermKernel<double>& kernel = active_term_kernel<double>(term);
  std::vector<JetRow> rows;
  for (int field = 0; field < kernel.fields; ++field)
    for (int k = 0; k < kernel.channels; ++k) {
      int coords[kMaxOrder];
      kernel.channel(k, coords);
      rows.push_back({field, std::to_array(coords)});
    }
  return rows;
}

template <class S>
void residual(TermId term, const Points<S>& points, const S* jet, S* rows) {
  active_term_kernel<S>(term).residual({points, jet, rows});
}
template void residual(TermId, const Points<float>&, const float*, float*);
template void residual(TermId, const Points<double>&, const double*, double*);

template <class S>
void residual_vjp(TermId term, const Points<S>& points, const S* jet, const S* rows_bar, S* jet_bar) {
  active_term_kernel<S>(term).residual({points, jet, nullptr, rows_bar, jet_bar});
}
template void residual_vjp(TermId, const Points<float>&, const float*, const float*, float*);
template void residual_vjp(TermId, const Points<double>&, const double*, const double*, double*);

}  // namespace residua
