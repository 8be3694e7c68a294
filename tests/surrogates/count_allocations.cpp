// Counts allocations; linked where no sanitizer owns malloc.
#include "tests/surrogates/count_allocations.hpp"

#include <cerrno>

using residua::allocation_count;

// The executable's own definitions come before those of the C library, for every shared library in the process too.
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);

void* malloc(std::size_t size) {
  ++allocation_count;
  if (residua::out_of_memory) return nullptr;
  return __libc_malloc(size);
}
void* calloc(std::size_t n, std::size_t size) {
  ++allocation_count;
  return __libc_calloc(n, size);
}
void* realloc(void* old, std::size_t size) {
  ++allocation_count;
  return __libc_realloc(old, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) {
  ++allocation_count;
  return __libc_memalign(alignment, size);
}
int posix_memalign(void** result, std::size_t alignment, std::size_t size) {
  ++allocation_count;
  *result = __libc_memalign(alignment, size);
  return *result ? 0 : ENOMEM;
}
}
