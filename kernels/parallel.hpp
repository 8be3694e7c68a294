#pragma once

namespace residua {

/// As many threads as the machine has, or OMP_NUM_THREADS says.
int default_threads();

using Part = void (*)(void* work, int part);
void do_in_parallel(int threads, Part part, void* work);

/// work(0), ..., work(threads - 1), each in a thread of its own; returns when all are done. It must not throw. Within
/// another parallel piece of work, or where the system grants fewer threads, some come one after another, so that they
/// must not wait for each other. The threads stay with the thread that called.
template <class Work>
void in_parallel(int threads, Work&& work) {
  if (threads <= 1) return work(0);
  do_in_parallel(
      threads, [](void* given, int part) { (*static_cast<decltype(&work)>(given))(part); }, &work);
}

}  // namespace residua
