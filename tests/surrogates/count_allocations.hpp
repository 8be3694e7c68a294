#pragma once
#include <atomic>
#include <cstddef>

namespace residua {

/// Whether clang's realtime sanitizer watches this build.
#ifdef __has_feature
inline constexpr bool kWatchedInRealTime = __has_feature(realtime_sanitizer);
#else
inline constexpr bool kWatchedInRealTime = false;
#endif

/// Whether allocations are counted in this build: not where a sanitizer owns malloc.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kCountsAllocations = false;
#else
inline constexpr bool kCountsAllocations = !kWatchedInRealTime;
#endif

/// Calls so far of malloc, calloc, realloc, aligned_alloc and posix_memalign, by anyone in the process; `new` calls
/// these.
inline std::atomic<std::size_t> allocation_count{0};
/// While true there is no memory: malloc, which `new` calls, gives none to anyone.
inline std::atomic<bool> out_of_memory{false};
inline std::size_t allocations() { return allocation_count.load(); }

}  // namespace residua
