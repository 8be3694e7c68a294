#pragma once
#include <cmath>
#include <numbers>

#include "kernels/core/host_device.hpp"

namespace residua {

/// A learning rate that falls along half a cosine over a stage (Loshchilov & Hutter, ICLR 2017, without restarts).
struct LearningRate {
  double first = 0, last = 0;

  /// `progress` is the share of the stage that is over.
  RESIDUA_HD double at(double progress) const {
    return last + (first - last) * (1 + std::cos(std::numbers::pi * progress)) / 2;
  }
};

}  // namespace residua
