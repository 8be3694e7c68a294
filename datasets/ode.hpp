#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace residua {

/// Half-bandwidths of a Jacobian: row i touches columns i-lower .. i+upper.
struct Band {
  int lower;
  int upper;
};

/// Accuracy and linear algebra of an integration.
struct OdeOptions {
  double relative_tolerance = 1e-8;
  double absolute_tolerance = 1e-10;
  std::optional<Band> band = std::nullopt;  ///< dense Jacobian if absent
  long max_steps = 100000;                  ///< between two output times
};

/// rate = dy/dt at (t, y); both arrays have the size of the state. An exception thrown in it leaves advance().
using OdeRate = std::function<void(double t, const double* y, double* rate)>;

/// Stiff initial-value problem y' = f(t, y), solved by SUNDIALS CVODE (variable-order BDF, difference-quotient
/// Jacobian). f must be smooth in t from the start to the last output: at a jump, make a new Ode. Not thread-safe; one
/// per thread.
class Ode {
 public:
  /// Throws Error if the library refuses the problem.
  Ode(OdeRate rate, double t, std::vector<double> state, const OdeOptions& options = {});
  Ode(const Ode&) = delete;
  Ode& operator=(const Ode&) = delete;
  ~Ode();

  /// The state at time t >= every earlier t (by dense output); valid until the next call.
  /// Throws Error with the time reached and the library's reason if the integration fails.
  std::span<const double> advance(double t);

  /// Steps taken so far.
  long steps() const;

 private:
  struct Data;
  std::unique_ptr<Data> data_;
};

}  // namespace residua
