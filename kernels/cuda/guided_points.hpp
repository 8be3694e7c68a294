#pragma once
#include <algorithm>
#include <cstdint>

#include "kernels/cuda/drawn_term.hpp"
#include "kernels/cuda/fused_cuda.hpp"
#include "kernels/cuda/guide.hpp"

namespace residua::cuda {

/// A guided draw of a term's points where they lie, without the host: RAD, R3, or R3 whose replacements are drawn by
/// RAD. Points that stay keep their places. A Device is that of adam_training.hpp.
template <class S, class Device>
class GuidedPoints {
  template <class T>
  using Array = typename Device::template Array<T>;

 public:
  GuidedPoints(Device& device, const DrawnTerm& term, std::uint64_t seed, std::uint32_t stream)
      : n_(term.points),
        equations_(term.equations()),
        rows_(int(term.axes.size())),
        adaptive_(term.adaptive),
        retain_(term.retain),
        seed_(seed),
        stream_(stream),
        all_{n_, term.candidates()},
        candidates_(term.axes.size() * std::size_t(all_.candidates)),
        residual_(std::size_t(equations_ * all_.candidates)),
        power_(std::size_t(all_.candidates)),
        key_(std::size_t(all_.candidates)),
        chosen_(std::size_t(all_.candidates)),
        released_(std::size_t(n_)),
        sums_(3),
        scratch_(device.scratch_bytes(all_.candidates)) {}

  /// Where the fresh points belong, spread [axes][candidates].
  S* candidates() { return candidates_.data(); }

  /// Queues the choice among them, and their way into `points` [axes][points], which hold those of the draw before.
  /// residuals(n, rows, result) queues the residuals [equations][n] at n points.
  template <class Residuals>
  void queue(Device& device, const Clock* clock, S* points, Residuals&& residuals) {
    Replacement replacement = all_;
    if (retain_) {
      queue_release(device, clock, points, residuals);
      replacement.kept = kept();
    }
    if (adaptive_ > 0) queue_race(device, clock, replacement, residuals);
    device.each(n_, Replace<S>{.replacement = replacement,
                               .released = retain_ ? released_.data() : nullptr,
                               .chosen = adaptive_ > 0 ? chosen_.data() : nullptr,
                               .rows_drawn = rows_,
                               .candidates = candidates_.data(),
                               .points = points});
  }

 private:
  double* size_total() { return sums_.data(); }
  double* kept() { return sums_.data() + 1; }
  double* power_total() { return sums_.data() + 2; }
  Workspace scratch() { return {scratch_.data(), scratch_.bytes()}; }

  /// |r|^exponent at n points, and their sum.
  template <class Residuals>
  void queue_powers(Device& device, std::int64_t n, const S* points, double exponent, const Replacement& replacement,
                    double* total, Residuals&& residuals) {
    residuals(n, points, residual_.data());
    device.each(n, ResidualPower<S>{n, equations_, residual_.data(), exponent, replacement, power_.data()});
    device.sum(power_.data(), n, total, scratch());
  }

  /// Places of the points that do not stay, in their order, and how many stay.
  template <class Residuals>
  void queue_release(Device& device, const Clock* clock, const S* points, Residuals&& residuals) {
    queue_powers(device, n_, points, 1, {n_, n_}, size_total(), residuals);
    device.each(n_, Retain{n_, power_.data(), size_total(), clock, key_.data()});
    device.sum(key_.data(), n_, kept(), scratch());
    device.ascending(key_.data(), n_, released_.data(), scratch());
  }

  /// The candidates in the order of their arrival.
  template <class Residuals>
  void queue_race(Device& device, const Clock* clock, const Replacement& replacement, Residuals&& residuals) {
    const std::int64_t count = all_.candidates;
    queue_powers(device, count, candidates_.data(), adaptive_, replacement, power_total(), residuals);
    device.each(count, Race{replacement, power_.data(), power_total(), clock, seed_, stream_, key_.data()});
    device.ascending(key_.data(), count, chosen_.data(), scratch());
  }

  std::int64_t n_, equations_;
  int rows_;
  double adaptive_;
  bool retain_;
  std::uint64_t seed_;
  std::uint32_t stream_;
  Replacement all_;
  Array<S> candidates_, residual_;
  Array<double> power_, key_;
  Array<std::int64_t> chosen_, released_;
  Array<double> sums_;
  Array<unsigned char> scratch_;
};

}  // namespace residua::cuda
