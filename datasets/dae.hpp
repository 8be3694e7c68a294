#pragma once
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "datasets/ode.hpp"

namespace residua {

/// residual = F(t, y, y'); all arrays have the size of the state. An exception thrown in it leaves advance().
using DaeResidual = std::function<void(double t, const double* y, const double* rate, double* residual)>;

/// Index-1 differential-algebraic problem F(t, y, y') = 0, solved by SUNDIALS IDA (variable-order BDF).
/// Not thread-safe; one per thread.
class Dae {
 public:
  /// `differential[i]` tells whether y_i' occurs in F. From the differential part of `state` the algebraic part and all
  /// rates are solved for, starting from the values given; `scale` is a first time of interest > t.
  /// Throws Error if no consistent start is found.
  Dae(DaeResidual residual, double t, std::vector<double> state, const std::vector<bool>& differential, double scale,
      const OdeOptions& options = {});
  Dae(const Dae&) = delete;
  Dae& operator=(const Dae&) = delete;
  ~Dae();

  /// State at time t >= every earlier t, and its rate there; valid until the next call. Throws Error on failure.
  std::span<const double> advance(double t);
  std::span<const double> rate() const;

 private:
  struct Data;
  std::unique_ptr<Data> data_;
};

}  // namespace residua
