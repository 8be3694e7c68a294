#include "pinn/optimizers/device_adam.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string>

#include "datasets/sobol.hpp"
#include "kernels/core/error.hpp"
#include "pinn/archive.hpp"

namespace residua {
namespace {

constexpr std::int64_t kMostTurns = 1000;
constexpr double kPause = 0.05;  ///< seconds between looks at the device

/// In a checkpoint.
std::string key_of_points(std::size_t term) { return "points" + std::to_string(term); }

}  // namespace

bool DeviceAdam::serves(const RunFile& run, const Stage& stage, bool processes, bool seam) {
  const bool alone = !processes && !seam && !run.branch && !stage.factorised;
  const bool evenly_weighted = !run.causal && run.balance.method == Balance::fixed;
  return stage.method == Method::adam && alone && evenly_weighted;
}

cuda::AdamPlan DeviceAdam::plan(const Objective& objective, const Stage& stage, std::int64_t first_batch) {
  const Problem& problem = objective.problem();
  cuda::AdamPlan plan{.shape = problem.shape().trunk,
                      .center = problem.center(),
                      .scale = problem.scale(),
                      .params = problem.params(),
                      .design_row = problem.design_row(),
                      .design_count = int(problem.design().size()),
                      .rate = {stage.learning_rate, stage.final_learning_rate},
                      .steps = stage.steps,
                      .turns = std::min<std::int64_t>(kMostTurns, stage.steps),
                      .resample = stage.resample,
                      .seed = objective.point_seed(first_batch, 0)};
  for (const LossTerm& term : objective.terms()) {
    const std::int64_t n = point_count(term, stage);
    cuda::DrawnTerm drawn{.id = term.id,
                          .points = n,
                          .equation_weight = std::vector<double>(term.mean_square.size(), term.weight() / double(n)),
                          .axes = problem.axes(term.index),
                          .dims = problem.sample_dims(term.index)};
    if (drawn.dims > 0) {  // else there is a single point to choose
      drawn.adaptive = stage.adaptive;
      drawn.retain = stage.retain;
    }
    if (objective.sampling() == Sampling::sobol && drawn.dims > 0) {
      const auto count = std::size_t(drawn.candidates());
      drawn.lattice.resize(std::size_t(drawn.dims) * count);
      Sobol::unshifted(std::size_t(drawn.dims)).fill(drawn.lattice.data(), count);
    }
    plan.terms.push_back(std::move(drawn));
  }
  return plan;
}

DeviceAdam::DeviceAdam(cuda::AdamPlan plan, std::int64_t first_batch, std::unique_ptr<cuda::AdamOnDevice> device)
    : plan_(std::move(plan)), first_batch_(first_batch), device_(std::move(device)) {
  state_.mean.resize(std::size_t(plan_.shape.parameters()));
  state_.square = state_.mean;
}

std::vector<std::vector<double>> DeviceAdam::shifts(const Objective& objective, std::int64_t turns) const {
  std::vector<std::vector<double>> all(plan_.terms.size());
  for (std::size_t t = 0; t < all.size(); ++t) {
    if (plan_.terms[t].lattice.empty()) continue;
    for (std::int64_t turn = 0; turn < turns; ++turn) {
      const std::int64_t draw = (state_.step + turn) / plan_.resample;
      const std::uint64_t seed = objective.point_seed(first_batch_ + draw, objective.terms()[t].index);
      const std::vector<double> shift = Sobol(std::size_t(plan_.terms[t].dims), seed).shift();
      all[t].insert(all[t].end(), shift.begin(), shift.end());
    }
    all[t].resize(std::size_t(plan_.turns) * std::size_t(plan_.terms[t].dims));
  }
  return all;
}

/// Gives the objective the points that the device has at hand.
void DeviceAdam::hand_over_points(Objective& objective) const {
  std::vector<at::Tensor> points;
  for (std::size_t t = 0; t < state_.points.size(); ++t) {
    const std::vector<double>& rows = state_.points[t];
    const std::int64_t n = plan_.terms[t].points;
    const auto design = rows.end() - plan_.design_count * n;
    points.push_back(ops::rows_tensor({rows.begin(), design}, n, at::kDouble));
    points.push_back(ops::rows_tensor({design, rows.end()}, n, at::kDouble));
  }
  objective.set_points(points);
}

Advance DeviceAdam::step(Objective& objective, at::Tensor& weights, double) {
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  const std::int64_t turns = std::min(turns_, plan_.steps - state_.step);
  double* w = weights.data_ptr<double>();
  state_.weights.assign(w, w + weights.numel());
  device_->load(state_);
  device_->run(turns, shifts(objective, turns));
  state_ = device_->state();
  std::copy(state_.weights.begin(), state_.weights.end(), w);
  hand_over_points(objective);
  const double loss = objective.account_elsewhere(device_->sums(), turns, w);
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  turns_ = std::clamp<std::int64_t>(std::int64_t(double(turns) * kPause / std::max(seconds, 1e-6)), 1, plan_.turns);
  return {.steps = turns, .loss = loss};
}

void DeviceAdam::save(OutputArchive& archive) {
  write_value(archive, "mean", state_.mean);
  write_value(archive, "square", state_.square);
  write_value(archive, "step", state_.step);
  if (!plan_.keeps_points()) return;
  for (std::size_t t = 0; t < state_.points.size(); ++t)
    write_value(archive, key_of_points(t).c_str(), state_.points[t]);
}

void DeviceAdam::load(InputArchive& archive) {
  state_.mean = read_value(archive, "mean").toDoubleVector();
  state_.square = read_value(archive, "square").toDoubleVector();
  state_.step = read_value(archive, "step").toInt();
  state_.points.resize(plan_.keeps_points() ? plan_.terms.size() : 0);
  for (std::size_t t = 0; t < state_.points.size(); ++t) {
    const std::size_t expected = plan_.terms[t].axes.size() * std::size_t(plan_.terms[t].points);
    if (const auto found = find_value(archive, key_of_points(t).c_str())) state_.points[t] = found->toDoubleVector();
    // Of a run file that has been changed.
    if (state_.points[t].size() != expected)
      throw Error(
          fmt::format("checkpoint: its stage on a GPU has {} numbers for the points of term {}: expected {}; "
                      "points, more_points, resample and retain have to stay as they are until it ends",
                      state_.points[t].size(), t + 1, expected));
  }
}

std::unique_ptr<Optimizer> make_device_adam(const Objective& objective, const Stage& stage, std::int64_t first_batch) {
  using Make = cuda::AdamOnDevice*(const cuda::AdamPlan&, bool);
  static auto* const make = reinterpret_cast<Make*>(ops::cuda_function("residua_adam_on_device"));
  cuda::AdamPlan plan = DeviceAdam::plan(objective, stage, first_batch);
  std::unique_ptr<cuda::AdamOnDevice> device(make(plan, stage.float64));
  return std::make_unique<DeviceAdam>(std::move(plan), first_batch, std::move(device));
}

}  // namespace residua
