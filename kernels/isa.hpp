#pragma once
#include "kernels/term_kernel.hpp"

namespace residua {

/// The kernel of a term for the instruction set in use.
template <class S>
const TermKernel<S>& active_term_kernel(TermId id);
GramKernel active_gram_kernel();

}  // namespace residua
