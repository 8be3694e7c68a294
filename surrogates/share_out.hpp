#pragma once
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <thread>

namespace residua {

/// f(k) for every k below `count`, on up to `threads` threads, this one among them; each takes the next k when it is
/// done with one, so that a busy core holds up nothing. If the system gives fewer threads, those there are do it all.
template <class F>
void share_out(std::size_t count, int threads, const F& f) noexcept {
  static_assert(noexcept(f(count)));
  constexpr int kMaxThreads = 256;
  std::atomic<std::size_t> next = 0;
  const auto work = [&] {
    for (std::size_t k = next++; k < count; k = next++) f(k);
  };
  std::thread others[kMaxThreads];
  const int wanted = int(std::min<std::size_t>(std::size_t(std::clamp(threads, 1, kMaxThreads)), count)) - 1;
  int started = 0;
  try {
    for (; started < wanted; ++started) others[started] = std::thread(work);
  } catch (...) {  // no thread left, or no memory for what one starts with
  }
  work();
  for (int t = 0; t < started; ++t) others[t].join();
}

}  // namespace residua
