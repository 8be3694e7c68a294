#pragma once
#include <cmath>
#include <cstdint>
#include <limits>

#include "kernels/core/host_device.hpp"
#include "kernels/points.hpp"
#include "surrogates/input_range.hpp"

namespace residua::cuda {

/// What a batch reads of a model. All pointers are the device's (the host's, for the twin).
template <class S>
struct BatchModel {
  MlpShape shape;
  int inputs = 0, coords = 0, outputs = 0, members = 1, windows = 1;
  std::int64_t parameters = 0;           ///< of one network
  const S* weights = nullptr;            ///< [members][windows][parameters]
  const S* center = nullptr;             ///< [windows][inputs of the network]
  const S* scale = nullptr;              ///< [windows][inputs of the network]
  const S* params = nullptr;             ///< [params of the physics]
  const int* design_row = nullptr;       ///< [params of the physics]
  const InputRange* ranges = nullptr;    ///< [inputs]
  const double* output_units = nullptr;  ///< [outputs]
  const double* seams = nullptr;         ///< [windows - 1]
};

/// One batch of a surrogate: enter() turns plant units into what networks read, the networks answer everywhere, and
/// leave() chooses, averages and turns back. Both are bodies of kernels, a thread for each point.
template <class S, class Io>
struct Batch {
  BatchModel<S> model;
  std::int64_t n = 0;
  const Io* in = nullptr;     ///< [inputs][n], plant units
  Io* out = nullptr;          ///< [outputs][n], plant units
  Status* status = nullptr;   ///< [n], or null
  S* x = nullptr;             ///< [inputs][n], dimensionless
  S* rows = nullptr;          ///< [members][windows][outputs][n], dimensionless
  Status* entered = nullptr;  ///< [n]

  RESIDUA_HD void enter(std::int64_t i) const {
    Status worst = Status::ok;
    for (int k = 0; k < model.inputs; ++k) {
      const InputRange& range = model.ranges[k];
      Io value = in[k * n + i];
      const Status found = range.status_of(value);
      if (found > worst) worst = found;
      if (found == Status::not_finite) value = Io(range.lower);  // something to compute with; leave() answers NaN
      x[k * n + i] = S(value / range.unit);
    }
    entered[i] = worst;
  }

  RESIDUA_HD void leave(std::int64_t i) const {
    Status worst = entered[i];
    const S* mine = rows + window(i) * model.outputs * n + i;
    for (int e = 0; e < model.outputs; ++e) {
      S sum = 0;
      for (int m = 0; m < model.members; ++m) sum += mine[(std::int64_t(m) * model.windows * model.outputs + e) * n];
      Io value = Io(double(sum / S(model.members)) * model.output_units[e]);
      if (worst == Status::not_finite) value = Io(NAN);
      out[e * n + i] = value;
      if (!finite(value)) worst = Status::not_finite;
    }
    if (status) status[i] = worst;
  }

  /// The network of a member in a window of time.
  Network<S> network(int member, int w) const {
    return {model.shape, model.weights + (std::int64_t(member) * model.windows + w) * model.parameters,
            model.center + std::int64_t(w) * model.shape.inputs, model.scale + std::int64_t(w) * model.shape.inputs};
  }
  Points<S> points() const {
    return {n, x, x + model.coords * n, model.params, model.design_row, model.inputs - model.coords};
  }
  S* answers(int member, int w) const { return rows + (std::int64_t(member) * model.windows + w) * model.outputs * n; }

 private:
  RESIDUA_HD static bool finite(Io value) { return std::abs(value) <= std::numeric_limits<Io>::max(); }

  RESIDUA_HD std::int64_t window(std::int64_t i) const {
    std::int64_t w = 0;
    while (w < model.windows - 1 && double(in[i]) > model.seams[w]) ++w;
    return w;
  }
};

/// All of a batch. `device` runs its steps, one after the other: enter(batch) and leave(batch) for every point, and
/// evaluate(network, points, rows) for every network.
template <class S, class Io, class Device>
void run_batch(const Batch<S, Io>& batch, Device&& device) {
  device.enter(batch);
  for (int m = 0; m < batch.model.members; ++m)
    for (int w = 0; w < batch.model.windows; ++w)
      device.evaluate(batch.network(m, w), batch.points(), batch.answers(m, w));
  device.leave(batch);
}

}  // namespace residua::cuda
