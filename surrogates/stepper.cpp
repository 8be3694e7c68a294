#include "surrogates/stepper.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "kernels/catalog.hpp"
#include "kernels/core/error.hpp"

namespace residua {
namespace {

constexpr std::size_t kMaxVariables = 64;  // inputs of any surrogate; `outside` has a bit for each

/// Steps from one state of `size` to the next, into `states`: take(k, state, next).
template <class Take>
Status roll(std::span<const double> state, std::size_t size, std::span<double> states, Take&& take) {
  Status worst = Status::ok;
  for (std::size_t k = 0; (k + 1) * size <= states.size(); ++k) {
    const auto next = states.subspan(k * size, size);
    worst = std::max(worst, take(k, state, next));
    if (worst == Status::wrong_size) return worst;
    state = next;
  }
  return worst;
}

}  // namespace

Stepper::Stepper(const Surrogate& surrogate) : surrogate_(&surrogate) {
  const PhysicsInfo& physics = find_physics(surrogate.card().physics);
  if (physics.states.empty())
    throw Error(
        fmt::format("a surrogate of {} takes no steps: expected a physics whose outputs are states that inputs "
                    "hold at the start, such as kiln_wall_step",
                    physics.name));
  const auto inputs = surrogate.inputs();
  for (const int state : physics.states) {
    const std::string_view name = physics.params[std::size_t(state)].name;
    const auto found = std::find_if(inputs.begin(), inputs.end(), [&](const Variable& v) { return v.name == name; });
    if (found == inputs.end())
      throw Error(
          fmt::format("a surrogate of {} with '{}' fixed takes no steps: expected every state at the start to "
                      "be an input",
                      physics.name, name));
    start_.push_back(std::size_t(found - inputs.begin()));
  }
  for (std::size_t i = 1; i < inputs.size(); ++i)
    if (std::find(start_.begin(), start_.end(), i) == start_.end()) {
      control_.push_back(i);
      controls_.push_back(inputs[i]);
    }
}

void Stepper::place(double time, const double* state, const double* control, double* in) const noexcept {
  in[0] = time;
  for (std::size_t s = 0; s < start_.size(); ++s) in[start_[s]] = state[s];
  for (std::size_t c = 0; c < control_.size(); ++c) in[control_[c]] = control[c];
}

Status Stepper::step(double time, std::span<const double> state, std::span<const double> control,
                     std::span<double> next) const noexcept {
  if (state.size() != start_.size() || control.size() != control_.size()) return Status::wrong_size;
  double in[kMaxVariables];
  place(time, state.data(), control.data(), in);
  return surrogate_->predict({in, surrogate_->inputs().size()}, next);
}

Status Stepper::step(double time, std::span<const double> state, std::span<const double> control,
                     std::span<double> next, std::span<double> by_state, std::span<double> by_control) const noexcept {
  const std::size_t states = start_.size(), controls = control_.size(), inputs = surrogate_->inputs().size();
  if (state.size() != states || control.size() != controls || by_state.size() != states * states ||
      by_control.size() != states * controls)
    return Status::wrong_size;
  double in[kMaxVariables], jacobian[8 * kMaxVariables];
  place(time, state.data(), control.data(), in);
  const Status status = surrogate_->jacobian({in, inputs}, next, {jacobian, states * inputs});
  if (status == Status::wrong_size) return status;
  for (std::size_t row = 0; row < states; ++row) {
    for (std::size_t s = 0; s < states; ++s) by_state[row * states + s] = jacobian[row * inputs + start_[s]];
    for (std::size_t c = 0; c < controls; ++c) by_control[row * controls + c] = jacobian[row * inputs + control_[c]];
  }
  return status;
}

Status Stepper::rollout(double time, std::span<const double> state, std::span<const double> controls,
                        std::span<double> states) const noexcept {
  const std::size_t size = start_.size(), held = control_.size(), steps = steps_of(states);
  if (states.size() != steps * size || controls.size() != steps * held) return Status::wrong_size;
  return roll(state, size, states, [&](std::size_t k, std::span<const double> from, std::span<double> next) {
    return step(time, from, controls.subspan(k * held, held), next);
  });
}

Status Stepper::rollout(double time, std::span<const double> state, std::span<const double> controls,
                        std::span<double> states, std::span<double> by_state,
                        std::span<double> by_control) const noexcept {
  const std::size_t size = start_.size(), held = control_.size(), steps = steps_of(states);
  if (states.size() != steps * size || controls.size() != steps * held || by_state.size() != steps * size * size ||
      by_control.size() != steps * size * held)
    return Status::wrong_size;
  return roll(state, size, states, [&](std::size_t k, std::span<const double> from, std::span<double> next) {
    return step(time, from, controls.subspan(k * held, held), next, by_state.subspan(k * size * size, size * size),
                by_control.subspan(k * size * held, size * held));
  });
}

Status Stepper::pull_back(std::span<const double> by_state, std::span<const double> by_control,
                          std::span<double> states, std::span<double> controls,
                          std::span<double> start) const noexcept {
  const std::size_t size = start_.size(), held = control_.size(), steps = steps_of(states);
  if (states.size() != steps * size || controls.size() != steps * held || start.size() != size ||
      by_state.size() != steps * size * size || by_control.size() != steps * size * held)
    return Status::wrong_size;
  std::fill(start.begin(), start.end(), 0);
  for (std::size_t k = steps; k-- > 0;) {
    const double* bar = &states[k * size];
    double* before = k > 0 ? &states[(k - 1) * size] : start.data();
    for (std::size_t c = 0; c < held; ++c) {
      double sum = 0;
      for (std::size_t s = 0; s < size; ++s) sum += bar[s] * by_control[(k * size + s) * held + c];
      controls[k * held + c] = sum;
    }
    for (std::size_t to = 0; to < size; ++to)
      for (std::size_t s = 0; s < size; ++s) before[to] += bar[s] * by_state[(k * size + s) * size + to];
  }
  return Status::ok;
}

}  // namespace residua
