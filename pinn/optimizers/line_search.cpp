#include "pinn/optimizers/line_search.hpp"

#include <algorithm>
#include <cmath>

namespace residua {
namespace {

constexpr double kSufficient = 1e-4, kCurvature = 0.9;
constexpr double kLeastGrowth = 2, kMostGrowth = 10;  // of a step that was too short
constexpr double kMargin = 0.1;                       // of the interval, at both ends
constexpr double kAstray = 0.2;                       // of the interval, where its far end is not finite
constexpr double kNarrow = 1e-12;                     // relative to the step
constexpr int kTrials = 30;

/// Where the cubic through both trials is lowest; NaN if it has no minimum.
double lowest_of_cubic(const Trial& a, const Trial& b) {
  const double d = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.step - b.step);
  const double root = std::copysign(std::sqrt(d * d - a.slope * b.slope), b.step - a.step);
  return b.step - (b.step - a.step) * (b.slope + root - d) / (b.slope - a.slope + 2 * root);
}

double clamped(double step, double lower, double upper, double otherwise) {
  return std::isfinite(step) ? std::clamp(step, lower, upper) : otherwise;
}

double beyond(const Trial& before, const Trial& low) {
  const double least = kLeastGrowth * low.step, most = kMostGrowth * low.step;
  return clamped(lowest_of_cubic(before, low), least, most, most);
}

double between(const Trial& low, const Trial& high, bool halve) {
  const double width = high.step - low.step;
  if (!std::isfinite(high.loss) || !std::isfinite(high.slope)) return low.step + kAstray * width;
  if (halve) return low.step + width / 2;
  const auto [lower, upper] = std::minmax({low.step + kMargin * width, high.step - kMargin * width});
  return clamped(lowest_of_cubic(low, high), lower, upper, low.step + width / 2);
}

}  // namespace

std::optional<Trial> line_search(const std::function<Trial(double step)>& evaluate, const Trial& start, double first) {
  Trial low = start, best = start;
  std::optional<Trial> high;  // the other end of an interval that holds a good step, once there is one
  double step = first, width_before = INFINITY, width = INFINITY;
  for (int i = 0; i < kTrials; ++i) {
    const Trial trial = evaluate(step);
    if (trial.loss < best.loss) best = trial;
    const bool low_enough = trial.loss <= start.loss + kSufficient * trial.step * start.slope && trial.loss < low.loss;
    if (low_enough && std::abs(trial.slope) <= -kCurvature * start.slope) return trial;
    const Trial before = low;
    if (!low_enough) {
      high = trial;
    } else {
      if (high ? trial.slope * (high->step - low.step) >= 0 : trial.slope >= 0) high = low;
      low = trial;
    }
    if (!high) {
      step = beyond(before, low);
      continue;
    }
    const double now = std::abs(high->step - low.step);
    if (now <= kNarrow * std::max(high->step, low.step)) break;
    step = between(low, *high, now > 2 * width_before / 3);
    width_before = width;
    width = now;
  }
  if (best.step > 0) return best;
  return {};
}

}  // namespace residua
