#pragma once
#if defined(__SANITIZE_THREAD__)
#include <thread>
#include <vector>
#else
#include <omp.h>
#endif

namespace residua {

/// As many threads as the machine has, or OMP_NUM_THREADS says.
int default_threads();

/// work(0), ..., work(threads - 1), each in a thread of its own; returns when all are done. It must not throw.
template <class Work>
void in_parallel(int threads, Work&& work) {
  if (threads <= 1) return work(0);
#if defined(__SANITIZE_THREAD__)
  // The thread sanitizer does not see through the synchronisation of gcc's OpenMP runtime.
  std::vector<std::jthread> team;
  for (int thread = 0; thread < threads; ++thread) team.emplace_back([&work, thread] { work(thread); });
#else
#pragma omp parallel num_threads(threads)
  work(omp_get_thread_num());
#endif
}

}  // namespace residua
