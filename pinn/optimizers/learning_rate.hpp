#pragma once
#include <cmath>
#include <numbers>

namespace residua {

/// A learning rate that falls along half a cosine over a stage (Loshchilov & Hutter, ICLR 2017, without restarts).
struct LearningRate {
  double first, last;

  /// `progress` is the share of the stage that is over.
  double at(double progress) const { return last + (first - last) * (1 + std::cos(std::numbers::pi * progress)) / 2; }
};

}  // namespace residua
