#pragma once
#include <cstddef>

#include "surrogates/surrogate.hpp"

struct CUstream_st;

/// What docs/inference.md shows of a GPU, with the names it takes for granted: asks ./surrogate.h5 for n points in
/// device memory. In the global namespace, as a reader's program is.
void page_on_gpu(std::size_t n, const double* in, double* out, residua::Status* status, void* workspace,
                 CUstream_st* stream);
