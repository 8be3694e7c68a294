#pragma once

// The two macros of the project.

#ifdef __CUDACC__
#define RESIDUA_HD __host__ __device__
#else
#define RESIDUA_HD
#endif

/// Code that is compiled once per instruction set lives in an inline namespace of that name; otherwise the linker would
/// merge the copies of a template and a machine without AVX-512 could be handed the AVX-512 one.
#ifndef RESIDUA_ISA
#define RESIDUA_ISA host
#endif
