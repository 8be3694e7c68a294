#pragma once
#include <cstddef>

namespace residua {

/// Whether allocations are counted in this build.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kCountsAllocations = false;
#else
inline constexpr bool kCountsAllocations = true;
#endif

/// Calls so far of malloc, calloc, realloc, aligned_alloc and posix_memalign, by anyone in the process; `new` calls
/// these.
std::size_t allocations();

}  // namespace residua
