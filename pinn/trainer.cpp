#include "pinn/trainer.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>

#include "kernels/core/error.hpp"
#include "kernels/parallel.hpp"
#include "pinn/checkpoint.hpp"
#include "pinn/march.hpp"
#include "pinn/objective.hpp"
#include "pinn/optimizers/optimizer.hpp"
#include "pinn/weighting/weighting.hpp"

namespace residua {
namespace {

class Trainer {
 public:
  Trainer(const RunFile& run, const Problem& problem, const TrainOptions& options)
      : run_(run),
        options_(options),
        checkpoint_(options.folder / "checkpoint.pt"),
        problems_(windows_of(run, problem)) {
    ops::ensure_registered();
    if (options.cuda && run.branch)
      throw Error("network.branch: trains on the CPU only: expected --device cpu, found cuda");
    if (options.cuda) ops::use_cuda();
    if (options.resume) {
      state_ = load_checkpoint(checkpoint_);
      if (state_.run != run.text)
        throw Error(
            fmt::format("{}: belongs to another run: expected the run file it was started with", checkpoint_.string()));
      enter_part();
      objective_->set_points(state_.points);
      load_weighting(checkpoint_, *weighting_);
      weighting_->apply(*objective_);
    } else {
      state_.weights = at::empty({problem.parameters()}, at::kDouble);
      state_.finished = at::empty({0, problem.parameters()}, at::kDouble);
      state_.run = run.text;
      begin_part();
    }
    state_.weights.requires_grad_(true);
    state_.weights.mutable_grad() = at::zeros_like(state_.weights);
  }

  TrainResult run() {
    start_ = Clock::now();
    seconds_before_ = state_.seconds;
    train_part();
    while (!stopped() && state_.part + 1 < parts()) {
      state_.finished = at::cat({state_.finished, state_.weights.detach().unsqueeze(0)});
      ++state_.part;
      state_.stage = 0;
      begin_part();
      train_part();
    }
    options_.progress.finish();
    return result();
  }

 private:
  using Clock = std::chrono::steady_clock;

  /// The next window's network starts from the weights of the one before, which it will look much like; the first one
  /// of every member by itself.
  void begin_part() {
    if (window() == 0) {
      const std::vector<double> initial = initial_weights(problems_[0].shape(), run_.seed + std::uint64_t(member()));
      std::copy(initial.begin(), initial.end(), state_.weights.data_ptr<double>());
    }
    enter_part();
  }

  void enter_part() {
    const auto w = std::size_t(window());
    std::optional<Seam> seam;
    if (w > 0) {
      const double* before = state_.finished.const_data_ptr<double>() + (state_.part - 1) * state_.finished.size(1);
      seam = Seam{&problems_[w - 1], {before, before + state_.finished.size(1)}};
    }
    RunFile own = run_;
    own.seed += std::uint64_t(member());
    objective_.emplace(own, problems_[w], options_.cuda, std::move(seam));
    weighting_.emplace(own);
  }

  void train_part() {
    while (state_.stage < stages()) {
      train_stage(run_.stages[std::size_t(state_.stage)]);
      if (stopped()) break;
      state_.steps_before += state_.step;
      ++state_.stage;
      state_.step = 0;
      state_.draw = -1;
    }
  }

  void train_stage(const Stage& stage) {
    // The kernels have their own threads, and torch's tensors are small, but for square matrices over all weights.
    const bool large = stage.method == Method::levenberg_marquardt || stage.method == Method::ssbroyden;
    at::set_num_threads(large ? default_threads() : 1);
    stage_problem_ = problems_[std::size_t(window())].within(stage.envelope);
    objective_->set_problem(*stage_problem_);
    objective_->set_precision(stage.float64 ? at::kDouble : at::kFloat);
    const std::uint64_t seed = run_.seed + std::uint64_t(member());
    const auto optimizer = make_optimizer(stage, objective_->shape(), state_.weights, seed);
    if (options_.resume && state_.step > 0) load_optimizer(checkpoint_, *optimizer);
    std::int64_t last_save = state_.step;
    stop_reason_.clear();
    while (state_.step < stage.steps) {
      if (stopped()) break;
      const std::int64_t draw = state_.step / stage.resample;
      if (draw != state_.draw) {
        // Stages draw from parts of the sequences that lie far apart.
        objective_->draw((window() * stages() + state_.stage) * 1'000'000'000 + draw, stage, state_.weights,
                         stage.retain && draw > 0);
        weighting_->points_changed(*objective_, state_.weights.const_data_ptr<double>(), steps());
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
    if (stopped() || (state_.stage + 1 == stages() && state_.part + 1 == parts())) save(*optimizer);
  }

  void step(Optimizer& optimizer, const Stage& stage) {
    Advance advance;
    try {
      advance = optimizer.step(*objective_, state_.weights, double(state_.step) / stage.steps);
    } catch (const Error& e) {
      throw Error(fmt::format("{} step {}: {}", name_of(stage.method), state_.step, e.what()));
    }
    state_.step += advance.steps;
    stop_reason_ = advance.stop;
    report(stage, advance);
  }

  void report(const Stage& stage, const Advance& advance) {
    const double loss = weighting_->balances() ? objective_->unbalanced() : advance.loss;
    const std::int64_t every = std::max<std::int64_t>(1, run_.steps() / 200);
    if (history_.empty() || double(steps()) >= history_.back().step + double(every))
      history_.push_back({double(steps()), loss});
    std::string part = run_.members > 1 ? fmt::format("member {}/{} ", member() + 1, run_.members) : "";
    if (windows() > 1) part += fmt::format("window {}/{} ", window() + 1, windows());
    options_.progress.update(part + std::string(name_of(stage.method)), state_.step, stage.steps, [&] {
      std::string terms;
      for (const LossTerm& term : objective_->terms()) {
        double sum = 0;
        for (const double m : term.mean_square) sum += m;
        terms += fmt::format(" {}={:.2e}", term.name, sum);
      }
      return fmt::format("loss={:.3e}{}{} points_per_s={:.2e}", loss, terms, advance.detail,
                         double(objective_->points_evaluated()) / std::max(1e-9, elapsed()));
    });
  }

  double elapsed() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }
  std::int64_t stages() const { return std::int64_t(run_.stages.size()); }
  std::int64_t windows() const { return std::int64_t(problems_.size()); }
  std::int64_t parts() const { return run_.members * windows(); }
  std::int64_t window() const { return state_.part % windows(); }
  std::int64_t member() const { return state_.part / windows(); }
  std::int64_t steps() const { return state_.steps_before + state_.step; }
  bool stopped() const { return options_.stop_after >= 0 && steps() >= options_.stop_after; }

  void save(Optimizer& optimizer) {
    if (options_.folder.empty()) return;
    state_.seconds = seconds_before_ + elapsed();
    state_.points = objective_->points();
    save_checkpoint(checkpoint_, state_, *weighting_, optimizer);
  }

  TrainResult result() {
    // What was last evaluated may be weights of a step before, or a trial; the loss reported is that of the last ones.
    if (!objective_->has_points()) objective_->draw(0, Stage{}, state_.weights);
    objective_->set_factors(std::vector<double>(objective_->terms().size(), 1));
    objective_->set_point_weights({});
    TrainResult r;
    const double* w = state_.weights.const_data_ptr<double>();
    r.loss = objective_->loss(w);
    const at::Tensor all = at::cat({state_.finished, state_.weights.detach().unsqueeze(0)});
    r.weights.assign(all.const_data_ptr<double>(), all.const_data_ptr<double>() + all.numel());
    for (const LossTerm& term : objective_->terms())
      for (std::size_t e = 0; e < term.mean_square.size(); ++e)
        r.losses.push_back({term.name, int(e), term.mean_square[e]});
    r.history = history_;
    r.seconds = seconds_before_ + elapsed();
    r.steps = steps();
    r.finished = state_.part + 1 == parts() && state_.stage == stages();
    r.stop_reason = !r.finished ? "stopped as asked" : stop_reason_.empty() ? "all steps done" : stop_reason_;
    return r;
  }

  RunFile run_;
  TrainOptions options_;
  std::filesystem::path checkpoint_;
  std::vector<Problem> problems_;         ///< one per window of time
  std::optional<Problem> stage_problem_;  ///< over the envelope of the stage at hand
  std::optional<Objective> objective_;    ///< of the part at hand
  std::optional<Weighting> weighting_;    ///< of the part at hand
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
