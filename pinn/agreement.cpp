#include "pinn/agreement.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "kernels/core/error.hpp"
#include "pinn/check_sum.hpp"

namespace residua {
namespace {

constexpr double kPause = 0.25;  ///< seconds between questions

}  // namespace

void Agreement::begin_stage(std::int64_t step) {
  next_ = step;
  asked_at_ = -1;
}

bool Agreement::stopped(std::int64_t step, bool interrupted, double seconds, std::span<const double> weights) {
  if (!interrupted_ && step >= next_) ask(step, interrupted, seconds, weights);
  return interrupted_;
}

void Agreement::ask(std::int64_t step, bool interrupted, double seconds, std::span<const double> weights) {
  const double own = check_sum(weights.data(), weights.size_bytes()), size = processes_.size();
  double sums[] = {interrupted ? 1.0 : 0.0, seconds, own};
  processes_.sum(sums);
  if (sums[2] != size * own)  // whole numbers, so exact
    throw Error(
        fmt::format("process {} of {}: after step {} the weights are not the same in all processes: expected one run "
                    "file, and one program on processors of one kind",
                    processes_.rank(), size, step));
  interrupted_ = sums[0] > 0;
  const double now = sums[1] / size;
  const double pace = asked_at_ < 0 ? 0 : double(step - asked_) / std::max(1e-9, now - asked_at_);
  next_ = step + std::max<std::int64_t>(1, std::llround(kPause * pace));
  asked_ = step;
  asked_at_ = now;
}

}  // namespace residua
