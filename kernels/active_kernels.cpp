// Apart from isa.cpp, so that a program which only asks for the instruction set does not carry the kernels along.
#include <fmt/format.h>

#include <type_traits>
#include <vector>

#include "kernels/core/error.hpp"
#include "kernels/fused.hpp"
#include "kernels/isa.hpp"
#include "kernels/kernel_module.hpp"

namespace residua {
namespace {

template <class S>
const TermKernel<S>* find_kernel(TermId id) {
  const std::string_view isa = active_isa();
  if constexpr (isa_is_built("avx512"))
    if (isa == "avx512") return avx512::term_kernel<S>(id);
  if constexpr (isa_is_built("avx2"))
    if (isa == "avx2") return avx2::term_kernel<S>(id);
  if constexpr (isa_is_built("baseline"))
    if (isa == "baseline") return baseline::term_kernel<S>(id);
  return nullptr;
}

/// Where the kernels of the catalog come from: those from the position `first` on, up to the next part.
struct Part {
  int first;
  const TermKernel<float>* (*single)(TermId);
  const TermKernel<double>* (*twice)(TermId);
};

std::vector<Part>& parts() {
  static std::vector<Part> all{{0, find_kernel<float>, find_kernel<double>}};
  return all;
}

}  // namespace

void add_kernels(const KernelModule& module) {
  const int first = add_to_catalog(module.physics);
  parts().push_back({first, module.single, module.twice});
}

template <class S>
const TermKernel<S>& active_term_kernel(TermId id) {
  const TermKernel<S>* kernel = nullptr;
  for (const auto& [first, single, twice] : parts()) {
    if (id.physics < first) break;
    const TermId within{id.physics - first, id.term};
    if constexpr (std::is_same_v<S, float>)
      kernel = single(within);
    else
      kernel = twice(within);
  }
  if (!kernel)
    throw Error(fmt::format("no kernel: expected a term found by name, found physics {} term {}", id.physics, id.term));
  return *kernel;
}
template const TermKernel<float>& active_term_kernel(TermId);
template const TermKernel<double>& active_term_kernel(TermId);

GramKernel active_gram_kernel() {
  const std::string_view isa = active_isa();
  if constexpr (isa_is_built("avx512"))
    if (isa == "avx512") return avx512::gram_kernel();
  if constexpr (isa_is_built("avx2"))
    if (isa == "avx2") return avx2::gram_kernel();
  if constexpr (isa_is_built("baseline"))
    if (isa == "baseline") return baseline::gram_kernel();
  return {};
}

}  // namespace residua
