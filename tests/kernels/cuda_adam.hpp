#pragma once
#include <numeric>
#include <random>
#include <vector>

#include "kernels/cuda/adam_training.hpp"
#include "kernels/registry.hpp"

namespace residua::testing_support {

/// How a coordinate of KilnWall is drawn in `dim`, over its default range; or stays at its lower or upper end.
inline Axis kiln_wall_axis(int coord, int dim, bool upper = false) {
  const Quantity& q = physics::KilnWall::coords[coord];
  if (dim < 0) return {.lower = upper ? q.upper : q.lower, .scale = q.scale};
  return {dim, q.lower, q.upper, q.scale};
}

/// How residuals guide the points of a term.
struct Guidance {
  double adaptive = 0;
  bool retain = false;
};

/// A stage of Adam on a kiln wall over three film coefficients' worth of one design input, on independent points or on
/// lattices; the times of the interior are graded.
inline cuda::AdamPlan kiln_wall_plan(bool independent, const std::vector<Guidance>& guidance = {{}, {}, {}}) {
  using Ph = physics::KilnWall;
  cuda::AdamPlan plan{.shape = {kFeatures<Ph> + 1, 10, 2, 1},
                      .design_count = 1,
                      .rate = {5e-3, 5e-4},
                      .steps = 60,
                      .turns = 40,
                      .seed = 9};
  plan.center.assign(std::size_t(plan.shape.inputs), 0.3);
  plan.scale.assign(std::size_t(plan.shape.inputs), 0.5);
  for (int p = 0; p < Ph::kParams; ++p) {
    plan.params.push_back(Ph::params[p].value / Ph::params[p].scale);
    plan.design_row.push_back(p == Ph::h ? 0 : -1);
  }
  const auto add = [&](const char* name, std::int64_t points, std::vector<Axis> axes) {
    const Quantity& film = Ph::params[Ph::h];
    const int dims = int(axes.size()) - (axes[1].dim < 0);
    axes.push_back({dims, film.lower, film.upper, film.scale});
    const Guidance& by = guidance[plan.terms.size()];
    cuda::DrawnTerm term{find_term("kiln_wall", name),
                         points,
                         {2. / double(points)},
                         std::move(axes),
                         dims + 1,
                         {},
                         by.adaptive,
                         by.retain};
    std::mt19937 rng{unsigned(points)};
    if (!independent)
      for (std::int64_t k = 0; k < term.candidates() * term.dims; ++k)
        term.lattice.push_back(std::uniform_real_distribution<double>()(rng));
    plan.terms.push_back(std::move(term));
  };
  std::vector<Axis> inside{kiln_wall_axis(Ph::t, 0), kiln_wall_axis(Ph::x, 1)};
  inside[0].grading = 2;
  add("interior", 150, inside);
  add("hot_face", 40, {kiln_wall_axis(Ph::t, 0), kiln_wall_axis(Ph::x, -1)});
  add("shell", 40, {kiln_wall_axis(Ph::t, 0), kiln_wall_axis(Ph::x, -1, true)});
  return plan;
}

/// The same on points that stay for three steps, and are guided in each term by another method.
inline cuda::AdamPlan guided_plan(bool independent) {
  cuda::AdamPlan plan = kiln_wall_plan(independent, {{1, true}, {2, false}, {0, true}});
  plan.resample = 3;
  return plan;
}

/// Small random numbers for the weights; no step has been done.
inline cuda::AdamState start(const cuda::AdamPlan& plan) {
  cuda::AdamState state;
  std::mt19937 rng(3);
  state.weights.resize(std::size_t(plan.shape.parameters()));
  for (double& w : state.weights) w = std::uniform_real_distribution<double>(-0.5, 0.5)(rng);
  state.mean.resize(state.weights.size());
  state.square.resize(state.weights.size());
  return state;
}

/// For the turns of a run that begins at a step: the same whichever way the steps are divided into runs.
inline std::vector<std::vector<double>> shifts(const cuda::AdamPlan& plan, std::int64_t step) {
  std::vector<std::vector<double>> all;
  for (const cuda::DrawnTerm& term : plan.terms) {
    std::vector<double>& own = all.emplace_back();
    if (term.lattice.empty()) continue;
    for (std::int64_t turn = 0; turn < plan.turns; ++turn) {
      std::mt19937 rng{unsigned(step + turn)};
      for (int d = 0; d < term.dims; ++d) own.push_back(std::uniform_real_distribution<double>()(rng));
    }
  }
  return all;
}

struct Trained {
  std::vector<double> weights, sums;
};

/// From the start by runs of so many steps.
inline Trained trained(cuda::AdamOnDevice& device, const cuda::AdamPlan& plan, const std::vector<std::int64_t>& runs) {
  cuda::AdamState state = start(plan);
  for (const std::int64_t turns : runs) {
    device.load(state);
    device.run(turns, shifts(plan, state.step));
    state = device.state();
  }
  Trained result{state.weights, {}};
  for (const std::vector<double>& sums : device.sums()) result.sums.insert(result.sums.end(), sums.begin(), sums.end());
  return result;
}

}  // namespace residua::testing_support
