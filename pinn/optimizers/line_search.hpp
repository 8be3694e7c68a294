#pragma once
#include <ATen/core/Tensor.h>

#include <functional>
#include <optional>

namespace residua {

/// What is known of the loss at a distance along a line.
struct Trial {
  double step;          ///< distance from the start, in lengths of the direction
  double loss;          ///< may be infinite or NaN where a step goes astray
  double slope;         ///< of the loss along the line
  at::Tensor gradient;  ///< in the weights; for the caller, not looked at
};

/// A step that satisfies the strong Wolfe conditions
///   loss <= start.loss + 1e-4 step start.slope,   |slope| <= 0.9 |start.slope|
/// (Nocedal & Wright, Numerical Optimization, 2nd ed., algorithms 3.5 and 3.6), by cubic interpolation; the interval is
/// halved whenever interpolation does not shrink it by a third in two trials (More & Thuente, ACM Trans. Math. Softw.
/// 20 (1994) 286). Where no such step is found, as happens when the loss falls by no more than its rounding, the lowest
/// trial will do; nothing if none was lower than the start.
///
/// `evaluate(step)` looks at the loss; `first` > 0 is tried first. Needs start.step == 0 and start.slope < 0.
std::optional<Trial> line_search(const std::function<Trial(double step)>& evaluate, const Trial& start, double first);

}  // namespace residua
