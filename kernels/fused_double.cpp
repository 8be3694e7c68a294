// Compiled once per instruction set.
#include "kernels/fused_body.hpp"

template const residua::TermKernel<double>* residua::RESIDUA_ISA::term_kernel<double>(residua::TermId);
