// What clang's realtime sanitizer watches: in other builds there is nothing to see.
#include <gtest/gtest.h>

#include <memory>

#include "tests/surrogates/count_allocations.hpp"

namespace residua {
namespace {

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wattributes"
int allocates(int n) noexcept [[clang::nonblocking]] { return *std::make_unique<volatile int>(n); }
#pragma GCC diagnostic pop

TEST(Realtime, ACallThatAllocatesIsFound) {
  if (!kWatchedInRealTime) GTEST_SKIP() << "needs clang's realtime sanitizer: cmake --preset realtime";
  EXPECT_DEATH(allocates(1), "unsafe-library-call");
}

}  // namespace
}  // namespace residua
