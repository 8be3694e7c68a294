#pragma once
#include <cstddef>
#include <span>
#include <vector>

#include "surrogates/surrogate.hpp"

namespace residua {

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wattributes"  // see Surrogate

/// A surrogate as the model inside a control loop: states now and controls held for a time in, states after that time
/// out; and step after step of it. For surrogates whose outputs are states that design inputs hold at the start
/// (`residua list` says of which physics that is so).
///
/// S states (the outputs of the surrogate, in their order) and C controls (all inputs but the time and the states at
/// the start, in their order), in plant units. As in Surrogate: const, no exceptions, no allocation, any number of
/// threads.
class [[gnu::visibility("default")]] Stepper {
 public:
  /// The surrogate must outlive the stepper. Throws Error if it is not one of a step, or was trained with a state
  /// fixed.
  explicit Stepper(const Surrogate& surrogate);

  std::span<const Variable> states() const noexcept { return surrogate_->outputs(); }
  std::span<const Variable> controls() const noexcept { return controls_; }
  /// How long a step may be, in the unit of the time: the trained range.
  const Variable& time() const noexcept { return surrogate_->inputs()[0]; }

  /// One step: state [S], control [C] to next [S].
  Status step(double time, std::span<const double> state, std::span<const double> control, std::span<double> next)
      const noexcept [[clang::nonblocking]];

  /// The same and its exact derivatives: by_state [S][S] = d next / d state, by_control [S][C] = d next / d control.
  Status step(double time, std::span<const double> state, std::span<const double> control, std::span<double> next,
              std::span<double> by_state, std::span<double> by_control) const noexcept [[clang::nonblocking]];

  /// N steps, each `time` long: state [S], controls [N][C] to states [N][S] after each step. The worst status; what
  /// follows a state that is not finite is NaN.
  Status rollout(double time, std::span<const double> state, std::span<const double> controls, std::span<double> states)
      const noexcept [[clang::nonblocking]];

  /// The same with the derivatives of each step, by_state [N][S][S] and by_control [N][S][C]: what multiple shooting
  /// needs, and what pull_back() takes.
  Status rollout(double time, std::span<const double> state, std::span<const double> controls, std::span<double> states,
                 std::span<double> by_state, std::span<double> by_control) const noexcept [[clang::nonblocking]];

  /// Gradient of a function of a whole rollout, of which `states` [N][S] holds the gradient in each state (it is
  /// overwritten): in the controls, to `controls` [N][C], and in the state at the start, to `start` [S].
  Status pull_back(std::span<const double> by_state, std::span<const double> by_control, std::span<double> states,
                   std::span<double> controls, std::span<double> start) const noexcept [[clang::nonblocking]];

 private:
  std::size_t steps_of(std::span<const double> states) const noexcept { return states.size() / start_.size(); }
  void place(double time, const double* state, const double* control, double* in) const noexcept;

  const Surrogate* surrogate_;
  std::vector<std::size_t> start_, control_;  ///< positions of states at the start and of controls in the inputs
  std::vector<Variable> controls_;
};

#pragma GCC diagnostic pop

}  // namespace residua
