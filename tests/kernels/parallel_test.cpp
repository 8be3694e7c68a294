#include "kernels/parallel.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

namespace residua {
namespace {

TEST(InParallel, DoesEachPartOnce) {
  for (const int threads : {1, 2, 7}) {
    std::vector<std::atomic<int>> done(static_cast<std::size_t>(threads));
    in_parallel(threads, [&](int part) { ++done[std::size_t(part)]; });
    for (const auto& times : done) EXPECT_EQ(times, 1);
  }
}

TEST(InParallel, DoesEachPartOnceWithinOtherWork) {
  std::atomic<int> done = 0;
  in_parallel(2, [&](int) { in_parallel(5, [&](int part) { done += 1 << part; }); });
  in_parallel(2, [&](int part) { done += (part + 1) << 10; });
  EXPECT_EQ(done, 2 * 0b11111 + (3 << 10));
}

TEST(InParallel, UsesAThreadForEachPart) {
  std::atomic<int> here = 0;
  in_parallel(3, [&](int) {
    ++here;
    while (here < 3) std::this_thread::yield();
  });
}

/// One round after another, with pauses in which the threads fall asleep and teams of changing size.
TEST(InParallel, ManyCallersDoTheirOwnWork) {
  std::vector<std::thread> callers;
  std::atomic<int> wrong = 0;
  for (int caller = 0; caller < 4; ++caller)
    callers.emplace_back([&] {
      for (int round = 0; round < 300; ++round) {
        const int threads = 1 + round % 4;
        int sums[4] = {};
        in_parallel(threads, [&](int part) { sums[part] = round + part; });
        for (int part = 0; part < threads; ++part) wrong += sums[part] != round + part;
        if (round % 50 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
    });
  for (auto& caller : callers) caller.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace residua
