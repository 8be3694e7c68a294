#include "pinn/trainer.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <torch/optim/adam.h>
#include <torch/optim/lbfgs.h>

#include <chrono>
#include <cmath>
#include <memory>
#include <numbers>

#include "kernels/core/error.hpp"
#include "pinn/checkpoint.hpp"
#include "pinn/ops.hpp"

namespace residua {
namespace {

constexpr std::int64_t kAdam = 0, kLbfgs = 1;
constexpr std::int64_t kLbfgsChunk = 20;  ///< iterations a call of torch's L-BFGS takes, and between two checkpoints

/// One term of the loss, with the points it is evaluated at now.
struct ActiveTerm {
  std::string name;
  int index;
  TermSettings settings;
  at::Tensor coords, design, equation_weight;
  std::vector<double> mean_square;  ///< of each equation, at the last evaluation
};

class Trainer {
 public:
  Trainer(const RunFile& run, const Problem& problem, const TrainOptions& options)
      : run_(run), problem_(problem), options_(options), checkpoint_(options.folder / "checkpoint.pt") {
    ops::ensure_registered();
    if (options.cuda) ops::use_cuda();
    at::set_num_threads(1);  // the kernels have their own threads; torch's tensors here are small
    for (std::size_t t = 0; t < problem.physics().terms.size(); ++t) {
      const TermInfo& info = problem.physics().terms[t];
      const auto found = run.terms.find(std::string(info.name));
      const TermSettings settings = found == run.terms.end() ? TermSettings{} : found->second;
      if (settings.weight > 0)
        terms_.push_back(
            {std::string(info.name), int(t), settings, {}, {}, {}, std::vector<double>(std::size_t(info.equations))});
    }
    if (options.resume) {
      state_ = load_checkpoint(checkpoint_);
      if (state_.run != run.text)
        throw Error(
            fmt::format("{}: belongs to another run: expected the run file it was started with", checkpoint_.string()));
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
    before_ = state_.seconds;
    if (state_.phase == kAdam) adam();
    if (state_.phase == kLbfgs && !stopped()) lbfgs();
    options_.progress.finish();
    evaluate_at_last();
    return result();
  }

 private:
  using Clock = std::chrono::steady_clock;

  void adam() {
    const AdamSettings& settings = run_.adam;
    prepare(settings.float64 ? at::kDouble : at::kFloat);
    torch::optim::Adam optimizer({state_.weights}, torch::optim::AdamOptions(settings.learning_rate));
    if (options_.resume && state_.step > 0) {
      load_optimizer(checkpoint_, optimizer);
      draw(state_.points_from, 1);
    }
    auto& options = static_cast<torch::optim::AdamOptions&>(optimizer.param_groups()[0].options());
    for (; state_.step < settings.steps; ++state_.step) {
      if (stopped()) return save(optimizer);
      if (state_.step % settings.resample == 0) draw(state_.step / settings.resample, 1);
      const double progress = double(state_.step) / settings.steps;
      options.lr(settings.final_learning_rate + (settings.learning_rate - settings.final_learning_rate) *
                                                    (1 + std::cos(std::numbers::pi * progress)) / 2);
      evaluate();
      optimizer.step();
      report("adam", state_.step + 1, settings.steps);
      if ((state_.step + 1) % run_.checkpoint_every == 0) {
        ++state_.step;
        save(optimizer);
        --state_.step;
      }
    }
    if (stopped()) return save(optimizer);
    state_.phase = kLbfgs;
    state_.step = 0;
  }

  void lbfgs() {
    const LbfgsSettings& settings = run_.lbfgs;
    prepare(settings.float64 ? at::kDouble : at::kFloat);
    std::unique_ptr<torch::optim::LBFGS> optimizer = new_lbfgs();
    if (options_.resume && state_.step > 0) {
      load_optimizer(checkpoint_, *optimizer);
      draw(state_.points_from, settings.more_points);
    }
    std::int64_t last_save = state_.step;
    while (state_.step < settings.steps) {
      if (stopped()) return save(*optimizer);
      // Points of L-BFGS lie beyond those of Adam in the sequences. Curvature learnt on other points would mislead.
      if (state_.step % settings.resample < kLbfgsChunk) {
        draw(1'000'000'000 + state_.step / settings.resample, settings.more_points);
        optimizer = new_lbfgs();
      }
      optimizer->step([&] {
        evaluate();
        return at::scalar_tensor(loss_, at::kDouble);
      });
      state_.step += kLbfgsChunk;
      report("l-bfgs", state_.step, settings.steps);
      if (state_.step - last_save >= run_.checkpoint_every) {
        save(*optimizer);
        last_save = state_.step;
      }
    }
    save(*optimizer);
  }

  std::unique_ptr<torch::optim::LBFGS> new_lbfgs() {
    return std::make_unique<torch::optim::LBFGS>(std::vector<at::Tensor>{state_.weights},
                                                 torch::optim::LBFGSOptions(1)
                                                     .max_iter(kLbfgsChunk)
                                                     .max_eval(2 * kLbfgsChunk)
                                                     .history_size(run_.lbfgs.history)
                                                     .tolerance_grad(0)
                                                     .tolerance_change(0)
                                                     .line_search_fn("strong_wolfe"));
  }

  void prepare(at::ScalarType precision) {
    where_ = at::TensorOptions(precision).device(options_.cuda ? at::kCUDA : at::kCPU);
    fixed_ = ops::tensors_of(problem_, where_);
    for (ActiveTerm& term : terms_) {
      term.equation_weight = at::full({std::int64_t(term.mean_square.size())}, term.settings.weight, where_);
      term.coords = term.design = at::Tensor();  // those at hand may be of another precision
    }
  }

  /// Points of all terms: batch `batch` of their sequences, `more` times the points that the run file asks for.
  void draw(std::int64_t batch, double more) {
    state_.points_from = batch;
    for (ActiveTerm& term : terms_) {
      const std::int64_t n = std::max<std::int64_t>(1, std::llround(term.settings.points * more));
      // One shift of the lattice per batch and term: fresh points every time, all of them reproducible on their own.
      const std::uint64_t seed =
          run_.seed * 0x9E3779B97F4A7C15u + std::uint64_t(batch) * 64 + std::uint64_t(term.index);
      const int dims = problem_.sample_dims(term.index);
      Samples samples;
      if (run_.sampling == Sampling::uniform) {
        samples = problem_.sample(term.index, uniform_points(dims, n, seed), n);
      } else {
        Sobol sequence(std::size_t(std::max(1, dims)), seed);
        samples = problem_.sample(term.index, sequence, n);
      }
      term.coords = ops::rows_tensor(samples.coords, n, where_);
      term.design = ops::rows_tensor(samples.design, n, where_);
    }
  }

  /// Loss and gradient at the current weights and points.
  void evaluate() {
    state_.weights.mutable_grad().zero_();
    loss_ = 0;
    for (ActiveTerm& term : terms_) {
      auto [total, per_equation] =
          ops::fused_loss(state_.weights, problem_, fixed_, term.coords, term.design, term.name, term.equation_weight);
      total.backward();
      for (std::size_t e = 0; e < term.mean_square.size(); ++e)
        term.mean_square[e] = per_equation.const_data_ptr<double>()[e];
      const double value = total.item<double>();
      if (!std::isfinite(value))
        throw Error(
            fmt::format("training: the loss of term '{}' is {} at step {}: expected a finite number; a lower "
                        "learning rate or a narrower envelope may help",
                        term.name, value, state_.step));
      points_ += term.coords.size(1);
      loss_ += value;
    }
  }

  /// The loss of the weights as they are in the end: what was last evaluated were those of a step before, or a trial of
  /// a line search, or (in a run that was over when resumed) nothing.
  void evaluate_at_last() {
    if (!fixed_.center.defined()) prepare(at::kDouble);
    if (!terms_.front().coords.defined()) draw(state_.points_from, 1);
    evaluate();
  }

  void report(const char* phase, std::int64_t done, std::int64_t total) {
    std::string terms;
    for (const ActiveTerm& term : terms_) {
      double sum = 0;
      for (const double m : term.mean_square) sum += m;
      terms += fmt::format(" {}={:.2e}", term.name, sum);
    }
    const std::int64_t every = std::max<std::int64_t>(1, (run_.adam.steps + run_.lbfgs.steps) / 200);
    if (history_.empty() || double(steps()) >= history_.back().step + double(every))
      history_.push_back({double(steps()), loss_});
    options_.progress.update(
        phase, done, total,
        fmt::format("loss={:.3e}{} points_per_s={:.2e}", loss_, terms, double(points_) / std::max(1e-9, elapsed())));
  }

  double elapsed() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }
  std::int64_t steps() const { return (state_.phase == kLbfgs ? run_.adam.steps : 0) + state_.step; }
  bool stopped() const { return options_.stop_after >= 0 && steps() >= options_.stop_after; }

  void save(torch::optim::Optimizer& optimizer) {
    if (options_.folder.empty()) return;
    state_.seconds = before_ + elapsed();
    save_checkpoint(checkpoint_, state_, optimizer);
  }

  TrainResult result() {
    TrainResult r;
    const double* w = state_.weights.const_data_ptr<double>();
    r.weights.assign(w, w + state_.weights.numel());
    for (const ActiveTerm& term : terms_)
      for (std::size_t e = 0; e < term.mean_square.size(); ++e)
        r.losses.push_back({term.name, int(e), term.mean_square[e]});
    r.history = history_;
    r.loss = loss_;
    r.seconds = before_ + elapsed();
    r.steps = steps();
    r.stop_reason = stopped() && steps() < run_.adam.steps + run_.lbfgs.steps ? "stopped as asked" : "all steps done";
    return r;
  }

  RunFile run_;
  const Problem& problem_;
  TrainOptions options_;
  std::filesystem::path checkpoint_;
  TrainState state_;
  std::vector<ActiveTerm> terms_;
  ops::ProblemTensors fixed_;
  at::TensorOptions where_;  ///< precision and device of the kernels
  double loss_ = 0, before_ = 0;
  std::int64_t points_ = 0;
  std::vector<LossPoint> history_;
  Clock::time_point start_;
};

}  // namespace

TrainResult train(const RunFile& run, const Problem& problem, const TrainOptions& options) {
  return Trainer(run, problem, options).run();
}

}  // namespace residua
