#pragma once
#include <cuda_runtime_api.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "bench/problem.hpp"
#include "bench/reference.hpp"
#include "kernels/core/error.hpp"
#include "kernels/cuda/adam_training.hpp"
#include "kernels/cuda/device_array.hpp"
#include "kernels/cuda/graph_device.hpp"
#include "kernels/cuda/physics_launch.hpp"
#include "kernels/physics/heat.hpp"
#include "kernels/physics/transport_2d.hpp"

namespace residua::bench {

/// The physics whose kernels are timed, and nothing else of the registry, so that the program stays small: three and
/// four channels, without features and transform.
using Timed = std::tuple<physics::Heat, physics::Transport2d>;

/// A fused pass on the current device, or the training step around it, for a problem without design inputs. All work is
/// queued on the default stream.
class AnyPass {
 public:
  virtual ~AnyPass() = default;
  /// Queues loss and gradient.
  virtual void queue() = 0;
  /// Trains for so many whole steps: new random points, loss and gradient, Adam. Returns when they are queued.
  virtual void queue_steps(int count) = 0;
  /// What the last pass found, rows left out.
  virtual Answer answer() const = 0;
  /// What is wrong with the pass; empty if nothing (see bench/reference.hpp).
  virtual std::string mistake() = 0;
  /// Bytes beyond the problem itself.
  virtual std::size_t memory() const = 0;
};

template <class Ph, class S>
class DevicePass final : public AnyPass {
 public:
  DevicePass(const Problem& problem, cuda::Multiply multiply)
      : problem_(problem),
        multiply_(multiply),
        weights_(of(problem.weights)),
        center_(of(problem.center)),
        scale_(of(problem.scale)),
        coords_(of(problem.coords)),
        params_(of(problem.params)),
        design_row_(problem.design_row),
        loss_(kEquations),
        gradient_(problem.weights.size()),
        workspace_(cuda::workspace_bytes<S>(cuda::device_physics<Ph>(), 0, problem.shape, problem.n, true, multiply)) {}

  void queue() override { queue_with(nullptr, nullptr); }

  void queue_steps(int count) override {
    if (!trainer_) {
      trainer_ = std::make_unique<Trainer>(plan(), Device(multiply_));
      const std::vector<double> none(problem_.weights.size());
      trainer_->load({problem_.weights, none, none});
    }
    for (int done = 0; done < count; done += kTurns) trainer_->run(std::min(kTurns, count - done), {{}});
  }

  Answer answer() const override {
    const auto gradient = gradient_.host();
    return {loss_.host(), {gradient.begin(), gradient.end()}, {}};
  }

  std::string mistake() override {
    const auto sample = sample_of(problem_.n, 23);
    std::vector<S> on_sample(std::size_t(problem_.n));
    for (const std::int64_t i : sample) on_sample[std::size_t(i)] = 1;
    cuda::DeviceArray<S> point_weight(on_sample), rows(kEquations * std::size_t(problem_.n));
    queue_with(point_weight.data(), rows.data());
    Answer found = answer();
    const auto values = rows.host();
    found.rows.assign(values.begin(), values.end());
    return bench::mistake(problem_, sample, found, kTolerance<S>);
  }

  std::size_t memory() const override { return workspace_.bytes() + gradient_.bytes() + loss_.bytes(); }

 private:
  static constexpr std::size_t kEquations = kEquationsOf<Ph, std::tuple_element_t<0, typename Ph::Terms>>;

  static constexpr int kTurns = 1000;

  /// For the training step.
  class Device : public cuda::GraphDevice {
   public:
    explicit Device(cuda::Multiply multiply) : multiply_(multiply) {}
    template <class>
    std::size_t workspace_bytes(TermId term, const MlpShape& shape, std::int64_t n) const {
      return cuda::workspace_bytes<S>(cuda::device_physics<Ph>(), term.term, shape, n, true, multiply_);
    }
    template <class>
    void fused(TermId term, const Network<S>& network, const Points<S>& points, const FusedWeights<S>& weights,
               const FusedResult<S>& result, cuda::Workspace workspace) const {
      cuda::fused<S>(cuda::device_physics<Ph>(), term.term, network, points, weights, result, workspace, stream(),
                     multiply_);
    }

   private:
    cuda::Multiply multiply_;
  };
  using Trainer = cuda::AdamTraining<S, Device>;

  /// Independent points over the default ranges.
  cuda::AdamPlan plan() const {
    cuda::DrawnTerm term{.id = {0, 0},
                         .points = problem_.n,
                         .equation_weight = std::vector<double>(kEquations, 1 / double(problem_.n)),
                         .dims = Ph::kCoords};
    for (int c = 0; c < Ph::kCoords; ++c)
      term.axes.push_back({c, Ph::coords[c].lower, Ph::coords[c].upper, Ph::coords[c].scale});
    return {.shape = problem_.shape,
            .center = problem_.center,
            .scale = problem_.scale,
            .params = problem_.params,
            .design_row = problem_.design_row,
            .terms = {term},
            .rate = {1e-3, 1e-3},
            .turns = kTurns};
  }

  static std::vector<S> of(const std::vector<double>& values) { return {values.begin(), values.end()}; }

  void queue_with(const S* point_weight, S* rows) {
    cuda::fused<S>(cuda::device_physics<Ph>(), 0, {problem_.shape, weights_.data(), center_.data(), scale_.data()},
                   {problem_.n, coords_.data(), nullptr, params_.data(), design_row_.data(), 0},
                   {nullptr, point_weight}, {loss_.data(), gradient_.data(), rows},
                   {workspace_.data(), workspace_.bytes()}, nullptr, multiply_);
  }

  const Problem& problem_;
  cuda::Multiply multiply_;
  cuda::DeviceArray<S> weights_, center_, scale_, coords_, params_;
  cuda::DeviceArray<int> design_row_;
  cuda::DeviceArray<double> loss_;
  cuda::DeviceArray<S> gradient_;
  cuda::DeviceArray<unsigned char> workspace_;
  std::unique_ptr<Trainer> trainer_;
};

/// How a pass computes.
struct Way {
  std::string scalar = "float";        ///< or double
  std::string multiplies = "threads";  ///< or tensor, or groups
};

/// The pass outlives neither the problem nor the device. Throws Error for a physics that is not among Timed.
inline std::unique_ptr<AnyPass> make_pass(const Problem& problem, const Way& way) {
  std::unique_ptr<AnyPass> pass;
  const auto try_physics = [&]<class Ph>() {
    if (Ph::name != problem.physics->name) return;
    const auto multiply = way.multiplies == "threads"  ? cuda::Multiply::threads
                          : way.multiplies == "tensor" ? cuda::Multiply::tensor_cores
                                                       : cuda::Multiply::warp_groups;
    if (way.scalar == "double")
      pass = std::make_unique<DevicePass<Ph, double>>(problem, multiply);
    else
      pass = std::make_unique<DevicePass<Ph, float>>(problem, multiply);
  };
  [&]<class... Ph>(std::tuple<Ph...>*) { (try_physics.template operator()<Ph>(), ...); }(static_cast<Timed*>(nullptr));
  if (!pass)
    throw Error("physics '" + std::string(problem.physics->name) +
                "' is not timed on GPUs: expected heat or transport_2d");
  return pass;
}

}  // namespace residua::bench
