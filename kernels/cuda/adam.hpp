#pragma once
#include <cmath>
#include <cstdint>

#include "kernels/core/host_device.hpp"
#include "kernels/cuda/sampler.hpp"
#include "kernels/learning_rate.hpp"

namespace residua::cuda {

/// One step of Adam (Kingma & Ba, ICLR 2015, with its authors' constants) along gradients that the kernels found in the
/// precision S; weights and moments are in double precision.
template <class S>
struct AdamStep {
  std::int64_t parameters = 0;
  int terms = 0;
  const S* gradients = nullptr;  ///< [terms][parameters]; their sum counts
  double *weights = nullptr, *mean = nullptr, *square = nullptr;
  S* rounded = nullptr;  ///< the weights as the kernels read them
  const Clock* clock = nullptr;
  LearningRate rate;
  std::int64_t steps = 1;  ///< of the stage

  /// Moves weight k.
  RESIDUA_HD void operator()(std::int64_t k) const {
    constexpr double kMean = 0.9, kSquare = 0.999, kTiny = 1e-8;
    double g = 0;
    for (int t = 0; t < terms; ++t) g += double(gradients[t * parameters + k]);
    mean[k] += (1 - kMean) * (g - mean[k]);
    square[k] = kSquare * square[k] + (1 - kSquare) * g * g;
    const double done = double(clock->step), next = done + 1;
    const double size = std::sqrt(square[k]) / std::sqrt(1 - std::pow(kSquare, next)) + kTiny;
    weights[k] -= rate.at(done / double(steps)) / (1 - std::pow(kMean, next)) * mean[k] / size;
    rounded[k] = S(weights[k]);
  }
};

/// Moves the clock on.
struct Tick {
  Clock* clock = nullptr;
  RESIDUA_HD void operator()(std::int64_t) const {
    ++clock->step;
    ++clock->turn;
  }
};

}  // namespace residua::cuda
