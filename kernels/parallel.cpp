#include "kernels/parallel.hpp"

#include <omp.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

namespace residua {
namespace {

/// Read before main(): LibTorch's set_num_threads() changes the answer for the whole program.
const int kThreadsAtStart = std::min(omp_get_max_threads(), omp_get_thread_limit());

/// The cores that the program was given. OpenMP's runtime may bind the calling thread to one of them later on, and
/// threads inherit that.
const cpu_set_t kCoresAtStart = [] {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  sched_getaffinity(0, sizeof cores, &cores);
  return cores;
}();

/// Returns when `value` is no longer `old`. Waking up takes longer than most passes over a batch, so it spins for as
/// long as nobody else wants the core; on a machine that others use as well it sleeps, since whoever spins there keeps
/// the one from its core that it waits for. With OpenMP's barriers, which spin regardless, two trainings on the same
/// cores take ten times as long as one.
template <class T>
void wait_for_change(const std::atomic<T>& value, T old) {
  using Clock = std::chrono::steady_clock;
  constexpr auto kSpin = std::chrono::milliseconds(2);
  constexpr auto kSomebodyElse = std::chrono::microseconds(20);  // a yield that nobody wants takes less than one
  auto now = Clock::now();
  for (const auto until = now + kSpin; now < until;) {
    if (value != old) return;
    std::this_thread::yield();
    const auto before = std::exchange(now, Clock::now());
    if (now - before > kSomebodyElse) break;
  }
  value.wait(old);
}

thread_local bool within = false;  ///< a part of some work

/// The threads of a thread that asks for them.
class Team {
 public:
  ~Team() {
    stopping_ = true;
    call(workers_.size());
    for (const auto& worker : workers_) worker->thread.join();
  }

  void run(int threads, Part part, void* work) {
    hire(std::size_t(threads) - 1);
    const std::size_t helpers = std::min(std::size_t(threads) - 1, workers_.size());
    part_ = part;
    work_ = work;
    parts_ = threads;
    stride_ = int(helpers) + 1;
    busy_ = int(helpers);
    call(helpers);
    do_parts(0);
    for (int left = busy_; left > 0; left = busy_) wait_for_change(busy_, left);
  }

 private:
  struct Worker {
    std::atomic<unsigned> calls = 0;
    std::thread thread;
  };

  void hire(std::size_t count) {
    try {
      while (workers_.size() < count) {
        auto worker = std::make_unique<Worker>();
        worker->thread =
            std::thread([this, self = worker.get(), first = int(workers_.size()) + 1] { serve(*self, first); });
        workers_.push_back(std::move(worker));
      }
    } catch (const std::system_error&) {
      // The system has no more of them: those at hand do more parts each.
    }
  }

  void call(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      ++workers_[i]->calls;
      workers_[i]->calls.notify_one();
    }
  }

  void serve(Worker& self, int first) {
    sched_setaffinity(0, sizeof kCoresAtStart, &kCoresAtStart);
    for (unsigned answered = 0;; ++answered) {
      wait_for_change(self.calls, answered);
      if (stopping_) return;
      do_parts(first);
      if (--busy_ == 0) busy_.notify_one();
    }
  }

  void do_parts(int first) {
    within = true;
    for (int part = first; part < parts_; part += stride_) part_(work_, part);
    within = false;
  }

  std::vector<std::unique_ptr<Worker>> workers_;
  // The work at hand; set while all workers wait.
  Part part_ = nullptr;
  void* work_ = nullptr;
  int parts_ = 0, stride_ = 1;
  std::atomic<int> busy_ = 0;
  std::atomic<bool> stopping_ = false;
};

}  // namespace

int default_threads() { return kThreadsAtStart; }

void do_in_parallel(int threads, Part part, void* work) {
  if (within) {
    for (int i = 0; i < threads; ++i) part(work, i);
    return;
  }
  thread_local Team team;
  team.run(threads, part, work);
}

}  // namespace residua
