// Compiled once per instruction set.
#include "kernels/fused_body.hpp"

template const residua::TermKernel<float>* residua::RESIDUA_ISA::term_kernel<float>(residua::TermId);
