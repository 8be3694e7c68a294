// Apart from isa.cpp, so that a program which only asks for the instruction set does not carry the kernels along.
#include <fmt/format.h>

#include "kernels/core/error.hpp"
#include "kernels/fused.hpp"
#include "kernels/isa.hpp"

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

}  // namespace

template <class S>
const TermKernel<S>& active_term_kernel(TermId id) {
  const TermKernel<S>* kernel = find_kernel<S>(id);
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
