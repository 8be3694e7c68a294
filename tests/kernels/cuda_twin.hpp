#pragma once
#include <cstring>
#include <stdexcept>
#include <vector>

#include "kernels/cuda/fused_tile.hpp"
#include "tests/kernels/problem.hpp"

namespace residua::testing_support {

/// The physics on which tests instantiate the kernels of GPUs. What those kernels do depends on the shape of a physics,
/// not on its equation, which the tests of every physics see to; so a few shapes stand for all, and a new physics does
/// not lengthen the compilation of these tests. Among them are one to three coordinates, one to four fields,
/// derivatives of order four (KuramotoSivashinsky), an answer of its own (LeachColumn), conditions that are nonlinear
/// in the network (KilnWall), a transform that is (KilnAxialSteady), and no features or transform at all (Heat,
/// Transport2d).
using Representatives = std::tuple<physics::Heat, physics::KilnAxialSteady, physics::KilnWall,
                                   physics::KuramotoSivashinsky, physics::LeachColumn, physics::Transport2d>;

/// Calls f for every term of the physics, and for its answer.
template <class Ph, class F>
void for_each_kernel(F&& f) {
  for_each_term<Ph>(f);
  f.template operator()<Answer<Ph>>();
}

/// Aligned bytes that start as NaN (so that reading what nobody wrote shows), with a guard behind them.
class GuardedBytes {
 public:
  explicit GuardedBytes(std::size_t bytes) : bytes_(bytes), memory_((bytes + kGuard) / sizeof(Unit) + 1) {
    std::memset(data(), 0xff, bytes);
    std::memset(data() + bytes, kMark, kGuard);
  }
  unsigned char* data() { return memory_.front().bytes; }
  bool intact() {
    for (std::size_t k = 0; k < kGuard; ++k)
      if (data()[bytes_ + k] != kMark) return false;
    return true;
  }

 private:
  static constexpr std::size_t kGuard = 512;
  static constexpr unsigned char kMark = 0x5a;
  struct alignas(256) Unit {
    unsigned char bytes[256];
  };
  std::size_t bytes_;
  std::vector<Unit> memory_;
};

struct TwinOptions {
  std::size_t shared_limit = std::size_t(1) << 30;  ///< 0: panels in the workspace
  int max_blocks = cuda::kMaxBlocks;
  bool gradient = true;
  bool backward = false;  ///< the order of the threads in a phase
};

/// The fused CUDA kernels on the host, block after block.
template <class S, class Ph, class Term, class Arithmetic = cuda::PerThread>
Outcome<S> run_twin(const Problem<Ph>& q, const TwinOptions& options = {}) {
  const Cast<S, Ph> cast(q);
  constexpr int E = kEquationsOf<Ph, Term>;
  constexpr Propagation kPropagation = kCollapse<Ph, Term>.propagation;
  const auto plan = cuda::TilePlan::of<S>(q.shape, kPropagation.count(), kPropagation.curved, E, q.n,
                                          options.gradient ? cuda::Pass::gradient : cuda::Pass::rows,
                                          options.shared_limit, options.max_blocks, cuda::kStagedBytes);
  GuardedBytes workspace(plan.bytes);
  Outcome<S> outcome{std::vector<double>(E), {}, std::vector<S>(std::size_t(E * q.n))};
  outcome.gradient.resize(std::size_t(plan.parameters));
  const cuda::FusedArgs<S> args{{cast.network, cast.points, cast.fused_weights, plan, workspace.data()},
                                outcome.residual.data()};
  const cuda::HostBlock block{options.backward};
  for (int b = 0; b < plan.blocks; ++b) {
    GuardedBytes shared(plan.shared_bytes);
    const auto store = cuda::BlockStorage<S>::of(args, E, b, shared.data());
    if (options.gradient)
      cuda::FusedTile<Ph, Term, S, true, Arithmetic>(args, store).run(block, b);
    else
      cuda::FusedTile<Ph, Term, S, false, Arithmetic>(args, store).run(block, b);
    if (!shared.intact()) throw std::logic_error("a block wrote beyond its shared memory");
  }
  if (!workspace.intact()) throw std::logic_error("a block wrote beyond the workspace");

  double storage[cuda::kThreads];
  cuda::sum_partials(block, 0, reinterpret_cast<const double*>(workspace.data()), plan.blocks, E, outcome.loss.data(),
                     storage);
  const auto* gradient = reinterpret_cast<const S*>(workspace.data() + plan.gradient_at);
  for (std::int64_t k = 0; k * cuda::kLanes < plan.parameters; ++k)
    cuda::sum_partials(block, k, gradient, plan.blocks, plan.parameters, outcome.gradient.data(), storage);
  return outcome;
}

}  // namespace residua::testing_support
