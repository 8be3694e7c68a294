#pragma once
#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <vector>

#include "kernels/parallel.hpp"
#include "pinn/optimizers/lapack.hpp"

namespace residua {

constexpr int kPanel = 64;  ///< columns that are factorised together

/// A dense factorisation by panels of columns: update(j, k) brings panel j up to date with panel k < j, once that is
/// factorised; factorise(j) follows when all of them have. A thread does whatever the foremost panels wait for, so that
/// nobody waits for a factorisation while there are updates to do. The bits do not depend on `threads`. LAPACK's own
/// threads wait for each other at every column, which on a machine that others use as well takes them ten or a hundred
/// times as long.
template <class Factorise, class Update>
void by_panels(int panels, int threads, Factorise&& factorise, Update&& update) {
  struct Panel {
    int updates = 0;
    bool taken = false;
  };
  std::vector<Panel> state(static_cast<std::size_t>(panels));
  int factorised = 0;
  std::mutex lock;
  std::condition_variable changed;
  const auto has_work = [&](int panel) {
    const auto& [updates, taken] = state[std::size_t(panel)];
    return !taken && (updates < std::min(panel, factorised) || (updates == panel && panel == factorised));
  };
  constexpr int kPanelsOfAThread = 4;  // with fewer it would mostly wait
  const int before = lapack::threads();
  in_parallel(std::min(threads, panels / kPanelsOfAThread), [&](int) {
    lapack::set_threads(1);
    std::unique_lock hold(lock);
    while (factorised < panels) {
      int panel = factorised;
      while (panel < panels && !has_work(panel)) ++panel;
      if (panel == panels) {
        changed.wait(hold);
        continue;
      }
      Panel& own = state[std::size_t(panel)];
      own.taken = true;
      hold.unlock();
      own.updates < panel ? update(panel, own.updates) : factorise(panel);
      hold.lock();
      own.taken = false;
      ++(own.updates < panel ? own.updates : factorised);
      changed.notify_all();
    }
  });
  lapack::set_threads(before);
}

}  // namespace residua
