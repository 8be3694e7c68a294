#pragma once
#include <string_view>

#include "kernels/term_kernel.hpp"

namespace residua {

/// Whether this build has the code for an instruction set: whether the CMake option RESIDUA_ISAS names it.
constexpr bool isa_is_built(std::string_view name) {
  constexpr std::string_view built = " " RESIDUA_ISAS " ";
  for (std::size_t at = 0; (at = built.find(name, at)) != built.npos; ++at)
    if (built[at - 1] == ' ' && built[at + name.size()] == ' ') return true;
  return false;
}

/// The kernel of a term for the instruction set in use.
template <class S>
const TermKernel<S>& active_term_kernel(TermId id);
GramKernel active_gram_kernel();

}  // namespace residua
