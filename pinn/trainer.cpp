#include "pinn/trainer.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <span>

#include "kernels/core/error.hpp"
#include "kernels/parallel.hpp"
#include "pinn/agreement.hpp"
#include "pinn/checkpoint.hpp"
#include "pinn/march.hpp"
#include "pinn/metrics.hpp"
#include "pinn/objective.hpp"
#include "pinn/optimizers/device_adam.hpp"
#include "pinn/optimizers/optimizer.hpp"
#include "pinn/run_folder.hpp"
#include "pinn/weighting/weighting.hpp"

namespace residua {
namespace {

constexpr double kLongestUnsaved = 60;  ///< seconds of work that a crash may take with it

/// Whether weights and points of one run mean the same in the other.
bool same_network(const RunFile& a, const RunFile& b) {
  const auto same_term = [](const auto& one, const auto& other) {
    return one.first == other.first && (one.second.weight > 0) == (other.second.weight > 0);
  };
  if (a.physics != b.physics || a.width != b.width || a.depth != b.depth || a.activation != b.activation ||
      a.branch != b.branch || a.members != b.members || a.march.seams != b.march.seams ||
      !std::ranges::equal(a.terms, b.terms, same_term))
    return false;
  const Problem p(a), q(b);
  return p.design() == q.design() && p.params() == q.params() && p.center() == q.center() && p.scale() == q.scale();
}

class Trainer {
 public:
  Trainer(const RunFile& run, const Problem& problem, const TrainOptions& options)
      : run_(run),
        options_(options),
        checkpoint_(RunFolder(options.folder).checkpoint()),
        writer_(checkpoint_),
        problems_(windows_of(run, problem)) {
    ops::ensure_registered();
    if (options.cuda && run.branch)
      throw Error("network.branch: trains on the CPU only: expected --device cpu, found cuda");
    if (options.cuda) ops::use_cuda(options.own);
    if (options.resume) {
      state_ = load_checkpoint(checkpoint_);
      if (state_.run != run.text) adopt();
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
    if (options.resume) saved_at_ = steps();
    if (options.processes) agreement_.emplace(*options.processes);
    state_.weights.requires_grad_(true);
    state_.weights.mutable_grad() = at::zeros_like(state_.weights);
  }

  TrainResult run() {
    take_folder();
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
    writer_.finish();
    if (leads()) options_.progress.finish();
    return result();
  }

 private:
  using Clock = std::chrono::steady_clock;

  /// Nothing stands in the way of this run any more: from here on the folder is its own.
  void take_folder() {
    if (!leads()) return;
    if (options_.begins && !options_.resume) options_.begins();
    if (!options_.folder.empty())
      metrics_.emplace(RunFolder(options_.folder).metrics(), run_.loss_terms(), options_.resume ? steps() : 0);
  }

  /// Makes the checkpoint one of this run, if the other run file that it belongs to has the same network, envelope and
  /// terms, and the same stages up to here.
  void adopt() {
    const std::string where = checkpoint_.string() + ": belongs to another run: expected ";
    if (!options_.changed) throw Error(where + "the run file it was started with");
    const RunFile before = RunFile::parse(state_.run, checkpoint_.string());
    if (!same_network(before, run_)) throw Error(where + "the same network, envelope and terms of the loss");
    for (std::size_t s = 0; s <= std::size_t(state_.stage) && s < before.stages.size(); ++s)
      if (s >= run_.stages.size() || run_.stages[s].method != before.stages[s].method)
        throw Error(fmt::format("{}{} in stage {}", where, name_of(before.stages[s].method), s + 1));
    if (state_.stage < stages() && state_.step > run_.stages[std::size_t(state_.stage)].steps)
      throw Error(fmt::format("{}{} steps or more in stage {}", where, state_.step, state_.stage + 1));
    state_.run = run_.text;
  }

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
    objective_.emplace(own, problems_[w], options_.cuda, std::move(seam), options_.processes);
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
    const auto optimizer = optimizer_for(stage);
    if (options_.resume && state_.step > 0) load_optimizer(checkpoint_, *optimizer);
    std::int64_t last_save = state_.step;
    if (state_.step == 0) state_.stop_reason.clear();
    stops_.clear();
    if (agreement_) agreement_->begin_stage(steps());
    log(fmt::format("{} from step {}", name_of_stage(), steps()));
    while (state_.step < stage.steps) {
      if (stopped()) break;
      writer_.check();
      const std::int64_t draw = state_.step / stage.resample;
      if (draw != state_.draw && !optimizer->draws_points()) {
        objective_->draw(first_batch() + draw, stage, state_.weights, stage.retain && draw > 0);
        weighting_->points_changed(*objective_, state_.weights.const_data_ptr<double>(), steps());
        optimizer->points_changed();
      }
      state_.draw = draw;
      step(*optimizer, stage);
      // Where no step helps on these points, the next ones may be another matter.
      if (!state_.stop_reason.empty()) state_.step = std::min<std::int64_t>(stage.steps, (draw + 1) * stage.resample);
      if (state_.step - last_save >= run_.checkpoint_every || elapsed() - saved_seconds_ >= kLongestUnsaved) {
        save(*optimizer);
        last_save = state_.step;
      }
    }
    if (stopped() || (state_.stage + 1 == stages() && state_.part + 1 == parts())) save(*optimizer);
    for (const auto& [reason, times] : stops_)
      if (times > 1) log(fmt::format("{} stopped {} times: {}", name_of_stage(), times, reason));
  }

  std::string name_of_stage() const {
    return fmt::format("stage {} {}", state_.stage + 1, name_of(run_.stages[std::size_t(state_.stage)].method));
  }

  std::unique_ptr<Optimizer> optimizer_for(const Stage& stage) {
    if (options_.cuda && DeviceAdam::serves(run_, stage, options_.processes != nullptr, window() > 0))
      return make_device_adam(*objective_, stage, first_batch());
    return make_optimizer(stage, objective_->shape(), state_.weights, run_.seed + std::uint64_t(member()),
                          objective_->device());
  }

  /// Stages draw from parts of the sequences that lie far apart.
  std::int64_t first_batch() const { return (window() * stages() + state_.stage) * 1'000'000'000; }

  void step(Optimizer& optimizer, const Stage& stage) {
    Advance advance;
    try {
      advance = optimizer.step(*objective_, state_.weights, double(state_.step) / stage.steps);
    } catch (const Error& e) {
      writer_.finish();
      throw Error(fmt::format("{} step {}: {}{}", name_of_stage(), state_.step, e.what(), way_back()));
    }
    state_.step += advance.steps;
    state_.stop_reason = advance.stop;
    if (!advance.stop.empty()) note_stop(advance.stop);
    report(stage, advance);
  }

  /// Optimizers may stop on each of thousands of draws, so the log has a reason once, and at the end how often.
  void note_stop(const std::string& reason) {
    if (++stops_[reason] == 1) log(fmt::format("{} stops at step {}: {}", name_of_stage(), steps(), reason));
  }

  /// What to do after an error, for its message.
  std::string way_back() const {
    if (saved_at_ < 0) return "";
    const std::string from_there = "go on from there by --resume --changed with other settings";
    if (saved_at_ < steps()) return fmt::format("; the checkpoint of step {} is good: {}", saved_at_, from_there);
    // Its weights are those that failed.
    const std::filesystem::path previous = previous_checkpoint(checkpoint_);
    const std::string last = fmt::format("; the checkpoint of step {} leads straight to this error", saved_at_);
    if (!std::filesystem::exists(previous)) return last + ": expected --restart with other settings";
    return fmt::format("{}, so rename {} to {}, and {}", last, previous.filename().string(),
                       checkpoint_.filename().string(), from_there);
  }

  void report(const Stage& stage, const Advance& advance) {
    const double loss = weighting_->balances() ? objective_->unbalanced() : advance.loss;
    const auto due = [&](std::int64_t times) {
      const std::int64_t every = std::max<std::int64_t>(1, run_.steps() / times);
      return steps() == advance.steps || steps() / every > (steps() - advance.steps) / every;
    };
    if (due(200)) state_.history.push_back({double(steps()), loss});
    if (metrics_ && due(1000)) metrics_->add(metrics(loss));
    if (!leads()) return;
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

  Metrics metrics(double loss) const {
    Metrics m{steps(), seconds_before_ + elapsed(), state_.part, state_.stage, loss};
    for (const LossTerm& term : objective_->terms())
      m.mean_square[term.name] = std::accumulate(term.mean_square.begin(), term.mean_square.end(), 0.0);
    return m;
  }

  void log(const std::string& text) const {
    if (options_.log && leads()) options_.log(text);
  }

  double elapsed() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }
  std::int64_t stages() const { return std::int64_t(run_.stages.size()); }
  std::int64_t windows() const { return std::int64_t(problems_.size()); }
  std::int64_t parts() const { return run_.members * windows(); }
  std::int64_t window() const { return state_.part % windows(); }
  std::int64_t member() const { return state_.part / windows(); }
  std::int64_t steps() const { return state_.steps_before + state_.step; }
  bool leads() const { return !options_.processes || options_.processes->rank() == 0; }

  bool stopped() {
    if (options_.stop_after >= 0 && steps() >= options_.stop_after) return true;
    const bool interrupted = options_.interrupted && options_.interrupted();
    if (!agreement_) return interrupted;
    const std::span weights(state_.weights.const_data_ptr<double>(), std::size_t(state_.weights.numel()));
    return agreement_->stopped(steps(), interrupted, elapsed(), weights);
  }

  void save(Optimizer& optimizer) {
    if (options_.folder.empty() || !leads()) return;
    state_.seconds = seconds_before_ + elapsed();
    state_.points = objective_->points();
    // A gradient may overflow where the loss did not, and the next step would be the first to notice.
    if (!state_.weights.isfinite().all().item<bool>())
      throw Error(
          fmt::format("{} step {}: the weights are not finite any more: expected finite numbers; a lower "
                      "learning rate may help{}",
                      name_of_stage(), state_.step, way_back()));
    if (metrics_) metrics_->flush();  // a run that goes on from here has the rows of later steps only
    writer_.write(serialise(state_, *weighting_, optimizer));
    saved_at_ = steps();
    saved_seconds_ = elapsed();
    log(fmt::format("checkpoint of step {}", steps()));
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
    r.history = state_.history;
    r.seconds = seconds_before_ + elapsed();
    r.steps = steps();
    r.finished = state_.part + 1 == parts() && state_.stage == stages();
    r.stop_reason = !r.finished                  ? "stopped as asked"
                    : state_.stop_reason.empty() ? "all steps done"
                                                 : state_.stop_reason;
    return r;
  }

  RunFile run_;
  TrainOptions options_;
  std::filesystem::path checkpoint_;
  CheckpointWriter writer_;
  std::optional<MetricsFile> metrics_;
  std::vector<Problem> problems_;         ///< one per window of time
  std::optional<Problem> stage_problem_;  ///< over the envelope of the stage at hand
  std::optional<Objective> objective_;    ///< of the part at hand
  std::optional<Weighting> weighting_;    ///< of the part at hand
  TrainState state_;
  double seconds_before_ = 0;
  std::map<std::string, std::int64_t> stops_;  ///< how often the stage at hand has stopped, by reason
  std::optional<Agreement> agreement_;         ///< with the other processes
  std::int64_t saved_at_ = -1;                 ///< step of the last checkpoint; -1: none yet
  double saved_seconds_ = 0;                   ///< when that was, since the start
  Clock::time_point start_;
};

}  // namespace

TrainResult train(const RunFile& run, const Problem& problem, const TrainOptions& options) {
  return Trainer(run, problem, options).run();
}

}  // namespace residua
