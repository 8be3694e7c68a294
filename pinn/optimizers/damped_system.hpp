#pragma once
#include <optional>
#include <string>

#include "pinn/archive.hpp"
#include "pinn/objective.hpp"

namespace residua {

/// A step of the weights and how far the linearised loss falls along it.
struct Move {
  at::Tensor direction;
  double predicted;

  /// From the solution of (J^T J + damping) direction = -gradient, where gradient is J^T r.
  static Move of_normal_equations(const at::Tensor& direction, const at::Tensor& gradient, double damping);
};

/// The loss with its residual rows r linearised at some weights, J their Jacobian there, as Levenberg-Marquardt asks
/// for it: min |J d + r|^2 + damping |d|^2 for several dampings.
class DampedSystem {
 public:
  virtual ~DampedSystem() = default;

  /// Linearises at `weights`, in the form that dampings of about `damping` need; returns the loss there. Objective and
  /// points must stay as they are while the system is solved.
  virtual double linearise(Objective& objective, const at::Tensor& weights, double damping) = 0;
  /// Smaller dampings are lost in rounding.
  virtual double least_damping() const = 0;
  /// Nothing if the damped system is singular in double precision.
  virtual std::optional<Move> solve(double damping) = 0;
  /// The solution x of (J^T J + damping) x = right, with the damping last solved for.
  virtual at::Tensor solve_again(const at::Tensor& right) = 0;
  /// How many further solutions with one damping cost no more than they bring.
  virtual int corrections() const = 0;
  /// What solving has taken since linearise(), for the progress line.
  virtual std::string effort() const { return {}; }

  // What decides the form of the next system.
  virtual void save(OutputArchive& archive) const = 0;
  virtual void load(InputArchive& archive) = 0;
};

}  // namespace residua
