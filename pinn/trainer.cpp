#include "pinn/trainer.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>

#include "kernels/core/error.hpp"
#include "kernels/parallel.hpp"
#include "pinn/checkpoint.hpp"
#include "pinn/objective.hpp"
#include "pinn/optimizers/optimizer.hpp"

namespace residua {
namespace {

class Trainer {
 public:
  Trainer(const RunFile& run, const Problem& problem, const TrainOptions& options)
      : run_(run),
        options_(options),
        checkpoint_(options.folder / "checkpoint.pt"),
        objective_(run, problem, options.cuda) {
    ops::ensure_registered();
    if (options.cuda) ops::use_cuda();
    if (options.resume) {
      state_ = load_checkpoint(checkpoint_);
      if (state_.run != run.text)
        throw Error(
            fmt::format("{}: belongs to another run: expected the run file it was started with", checkpoint_.string()));
      objective_.set_points(state_.points);
    } else {
      const auto weights = initial_weights(problem.shape(), run.seed);
      state_.weights = ops::rows_tensor(weights, std::int64_t(weights.size()), at::kDouble).squeeze(0);
      state_.run = run.text;
    }
    state_.weights.requires_grad_(true);
    state_.weights.mutable_grad() = at::zeros_like(state_.weights);
  }

  TrainResult run() {
    start_ = Clock::now();
    seconds_before_ = state_.seconds;
    while (state_.stage < stages()) {
      train_stage(run_.stages[std::size_t(state_.stage)]);
      if (stopped()) break;
      state_.steps_before += state_.step;
      ++state_.stage;
      state_.step = 0;
      state_.draw = -1;
    }
    options_.progress.finish();
    return result();
  }

 private:
  using Clock = std::chrono::steady_clock;

  void train_stage(const Stage& stage) {
    // The kernels have their own threads, and torch's tensors are small, but for square matrices over all weights.
    const bool large = stage.method == Method::levenberg_marquardt || stage.method == Method::ssbroyden;
    at::set_num_threads(large ? default_threads() : 1);
    objective_.set_precision(stage.float64 ? at::kDouble : at::kFloat);
    const auto optimizer = make_optimizer(stage, objective_.shape(), state_.weights, run_.seed);
    if (options_.resume && state_.step > 0) load_optimizer(checkpoint_, *optimizer);
    std::int64_t last_save = state_.step;
    stop_reason_.clear();
    while (state_.step < stage.steps) {
      if (stopped()) break;
      const std::int64_t draw = state_.step / stage.resample;
      if (draw != state_.draw) {
        // Stages draw from parts of the sequences that lie far apart.
        objective_.draw(state_.stage * 1'000'000'000 + draw, stage, state_.weights);
        optimizer->points_changed();
        state_.draw = draw;
      }
      step(*optimizer, stage);
      // Where no step helps on these points, the next ones may be another matter.
      if (!stop_reason_.empty()) state_.step = std::min<std::int64_t>(stage.steps, (draw + 1) * stage.resample);
      if (state_.step - last_save >= run_.checkpoint_every) {
        save(*optimizer);
        last_save = state_.step;
      }
    }
    if (stopped() || state_.stage + 1 == stages()) save(*optimizer);
  }

  void step(Optimizer& optimizer, const Stage& stage) {
    Advance advance;
    try {
      advance = optimizer.step(objective_, state_.weights, double(state_.step) / stage.steps);
    } catch (const Error& e) {
      throw Error(fmt::format("{} step {}: {}", name_of(stage.method), state_.step, e.what()));
    }
    state_.step += advance.steps;
    stop_reason_ = advance.stop;
    report(stage, advance);
  }

  void report(const Stage& stage, const Advance& advance) {
    const std::int64_t every = std::max<std::int64_t>(1, run_.steps() / 200);
    if (history_.empty() || double(steps()) >= history_.back().step + double(every))
      history_.push_back({double(steps()), advance.loss});
    options_.progress.update(std::string(name_of(stage.method)), state_.step, stage.steps, [&] {
      std::string terms;
      for (const LossTerm& term : objective_.terms()) {
        double sum = 0;
        for (const double m : term.mean_square) sum += m;
        terms += fmt::format(" {}={:.2e}", term.name, sum);
      }
      return fmt::format("loss={:.3e}{}{} points_per_s={:.2e}", advance.loss, terms, advance.detail,
                         double(objective_.points_evaluated()) / std::max(1e-9, elapsed()));
    });
  }

  double elapsed() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }
  std::int64_t stages() const { return std::int64_t(run_.stages.size()); }
  std::int64_t steps() const { return state_.steps_before + state_.step; }
  bool stopped() const { return options_.stop_after >= 0 && steps() >= options_.stop_after; }

  void save(Optimizer& optimizer) {
    if (options_.folder.empty()) return;
    state_.seconds = seconds_before_ + elapsed();
    state_.points = objective_.points();
    save_checkpoint(checkpoint_, state_, optimizer);
  }

  TrainResult result() {
    // What was last evaluated may be weights of a step before, or a trial; the loss reported is that of the last ones.
    if (!objective_.has_points()) objective_.draw(0, Stage{}, state_.weights);
    TrainResult r;
    const double* w = state_.weights.const_data_ptr<double>();
    r.loss = objective_.loss(w);
    r.weights.assign(w, w + state_.weights.numel());
    for (const LossTerm& term : objective_.terms())
      for (std::size_t e = 0; e < term.mean_square.size(); ++e)
        r.losses.push_back({term.name, int(e), term.mean_square[e]});
    r.history = history_;
    r.seconds = seconds_before_ + elapsed();
    r.steps = steps();
    r.finished = state_.stage == stages();
    r.stop_reason = !r.finished ? "stopped as asked" : stop_reason_.empty() ? "all steps done" : stop_reason_;
    return r;
  }

  RunFile run_;
  TrainOptions options_;
  std::filesystem::path checkpoint_;
  Objective objective_;
  TrainState state_;
  double seconds_before_ = 0;
  std::string stop_reason_;  ///< of the stage at hand
  std::vector<LossPoint> history_;
  Clock::time_point start_;
};

}  // namespace

TrainResult train(const RunFile& run, const Problem& problem, const TrainOptions& options) {
  return Trainer(run, problem, options).run();
}

}  // namespace residua
