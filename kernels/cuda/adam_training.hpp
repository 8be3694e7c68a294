#pragma once
#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "kernels/cuda/adam.hpp"
#include "kernels/cuda/drawn_points.hpp"
#include "kernels/cuda/drawn_term.hpp"
#include "kernels/cuda/fused_cuda.hpp"
#include "kernels/fused.hpp"
#include "kernels/learning_rate.hpp"

namespace residua::cuda {

/// A stage of Adam: a network, the terms of its loss, and how long it trains at which learning rate.
struct AdamPlan {
  MlpShape shape{};
  std::vector<double> center{}, scale{}, params{};  ///< as in Network and Points
  std::vector<int> design_row{};
  int design_count = 0;
  std::vector<DrawnTerm> terms{};
  LearningRate rate{};
  std::int64_t steps = 1;     ///< of the stage
  std::int64_t turns = 1;     ///< most steps of one call of run()
  std::int64_t resample = 1;  ///< steps between draws of the points
  std::uint64_t seed = 0;     ///< of independent points, and of choices among candidates

  /// Whether a step needs points of one before it.
  bool keeps_points() const { return resample > 1 || std::ranges::any_of(terms, &DrawnTerm::retain); }
};

/// All that the next step depends on.
struct AdamState {
  std::vector<double> weights{}, mean{}, square{};  ///< [parameters]
  std::int64_t step = 0;                            ///< of the stage
  /// Of each term [axes][points], once a step has been done. The next step needs those of a plan that keeps points.
  std::vector<std::vector<double>> points{};
};

/// Adam without the host: a step draws its points when that is due, finds loss and gradient by the fused pass, and
/// moves the weights; nothing comes back until it is asked for. Same plan and state, same bits. Not to be shared
/// between threads.
class AdamOnDevice {
 public:
  virtual ~AdamOnDevice() = default;
  virtual void load(const AdamState& state) = 0;
  /// So many steps, up to plan.turns. `shifts`: for each term with a lattice [turns][dims], how far a draw at each step
  /// shifts it modulo 1; empty for the others. Throws Error for what CUDA reports.
  virtual void run(std::int64_t turns, const std::vector<std::vector<double>>& shifts) = 0;
  virtual AdamState state() const = 0;
  /// Sums over points of the squared rows, [equations] of each term, that the last step found before it moved.
  virtual std::vector<std::vector<double>> sums() const = 0;
};

/// That, as a sequence of kernels which a Device records once and replays. A Device has
///   Array<T>(count), Array<T>(std::vector<T>): memory, with data(), host(), set() and bytes();
///   each(n, body): queues body(i) for all i below n;
///   fused(term, network, points, weights, result, workspace) and workspace_bytes(term, shape, n), as in
///   fused_cuda.hpp, for n points or fewer, with a gradient or without;
///   sum(), ascending() and scratch_bytes(), as in array_algorithms.hpp;
///   record(queue): keeps what queue() queues, and returns what replay() knows it by, which queues it again.
/// The host twin of the device runs the same code in tests.
template <class S, class Device>
class AdamTraining final : public AdamOnDevice {
  template <class T>
  using Array = typename Device::template Array<T>;

 public:
  explicit AdamTraining(const AdamPlan& plan, Device device = {})
      : plan_(plan),
        device_(std::move(device)),
        parameters_(plan.shape.parameters()),
        weights_(zeros()),
        mean_(zeros()),
        square_(zeros()),
        rounded_(of(zeros())),
        gradients_(plan.terms.size() * std::size_t(parameters_)),
        center_(of(plan.center)),
        scale_(of(plan.scale)),
        params_(of(plan.params)),
        design_row_(plan.design_row),
        clock_(std::vector<Clock>(1)) {
    for (const DrawnTerm& term : plan_.terms) terms_.push_back(std::make_unique<Placed>(*this, term));
    queue_step(true);  // what is loaded at its first use must not be so while kernels are recorded
    on_fresh_points_ = device_.record([this] { queue_step(true); });
    if (plan_.resample > 1) on_these_points_ = device_.record([this] { queue_step(false); });
  }

  void load(const AdamState& state) override {
    weights_.set(state.weights);
    rounded_.set(of(state.weights));
    mean_.set(state.mean);
    square_.set(state.square);
    step_ = state.step;
    for (std::size_t t = 0; t < state.points.size(); ++t) terms_[t]->points.set(state.points[t]);
  }

  void run(std::int64_t turns, const std::vector<std::vector<double>>& shifts) override {
    for (std::size_t t = 0; t < terms_.size(); ++t)
      if (!shifts[t].empty()) terms_[t]->points.set_shifts(shifts[t]);
    clock_.set({Clock{step_, 0}});
    for (const std::int64_t end = step_ + turns; step_ < end; ++step_)
      device_.replay(step_ % plan_.resample == 0 ? on_fresh_points_ : on_these_points_);
  }

  AdamState state() const override {
    AdamState state{weights_.host(), mean_.host(), square_.host(), step_};
    for (const auto& term : terms_) state.points.push_back(term->points.host());
    return state;
  }

  std::vector<std::vector<double>> sums() const override {
    std::vector<std::vector<double>> all;
    for (const auto& term : terms_) all.push_back(term->loss.host());
    return all;
  }

 private:
  /// The arrays of a term.
  struct Placed {
    Placed(AdamTraining& training, const DrawnTerm& term)
        : points(training.device_, term, training.plan_.turns, training.plan_.seed,
                 std::uint32_t(training.terms_.size())),
          equation_weight(of(term.equation_weight)),
          loss(term.equation_weight.size()),
          workspace(training.device_.template workspace_bytes<S>(term.id, training.plan_.shape, term.candidates())) {}

    DrawnPoints<S, Device> points;
    Array<S> equation_weight;
    Array<double> loss;
    Array<unsigned char> workspace;
  };

  static std::vector<S> of(const std::vector<double>& values) { return {values.begin(), values.end()}; }
  std::vector<double> zeros() const { return std::vector<double>(std::size_t(parameters_)); }

  void queue_step(bool draws) {
    for (std::size_t t = 0; t < terms_.size(); ++t) {
      if (draws) queue_draw(t);
      queue_pass(t);
    }
    const AdamStep<S> adam{parameters_,    int(terms_.size()), gradients_.data(), weights_.data(), mean_.data(),
                           square_.data(), rounded_.data(),    clock_.data(),     plan_.rate,      plan_.steps};
    device_.each(parameters_, adam);
    device_.each(1, Tick{clock_.data()});
  }

  void queue_draw(std::size_t t) {
    terms_[t]->points.queue(device_, clock_.data(), [&](std::int64_t n, const S* rows, S* residual) {
      queue_fused(t, n, rows, {}, {.residual = residual});
    });
  }

  void queue_pass(std::size_t t) {
    Placed& at = *terms_[t];
    queue_fused(t, plan_.terms[t].points, at.points.rows(), {at.equation_weight.data()},
                {at.loss.data(), gradients_.data() + std::int64_t(t) * parameters_});
  }

  /// At n points of a term, rows [axes][n].
  void queue_fused(std::size_t t, std::int64_t n, const S* rows, const FusedWeights<S>& weights,
                   const FusedResult<S>& result) {
    const DrawnTerm& term = plan_.terms[t];
    Placed& at = *terms_[t];
    const std::int64_t coords = std::int64_t(term.axes.size()) - plan_.design_count;
    device_.template fused<S>(
        term.id, Network<S>{plan_.shape, rounded_.data(), center_.data(), scale_.data()},
        Points<S>{n, rows, rows + coords * n, params_.data(), design_row_.data(), plan_.design_count}, weights, result,
        Workspace{at.workspace.data(), at.workspace.bytes()});
  }

  AdamPlan plan_;
  Device device_;
  std::int64_t parameters_, step_ = 0;
  Array<double> weights_, mean_, square_;
  Array<S> rounded_, gradients_, center_, scale_, params_;
  Array<int> design_row_;
  Array<Clock> clock_;
  std::size_t on_fresh_points_ = 0, on_these_points_ = 0;  ///< recordings of a step
  std::vector<std::unique_ptr<Placed>> terms_;
};

}  // namespace residua::cuda
