#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "kernels/cuda/drawn_term.hpp"
#include "kernels/cuda/guided_points.hpp"
#include "kernels/cuda/sampler.hpp"

namespace residua::cuda {

/// The points of a term on a device, and how they are drawn there.
template <class S, class Device>
class DrawnPoints {
  template <class T>
  using Array = typename Device::template Array<T>;

 public:
  /// `turns`: most draws between two calls of set_shifts(). `seed` and `stream`: of random numbers.
  DrawnPoints(Device& device, const DrawnTerm& term, std::int64_t turns, std::uint64_t seed, std::uint32_t stream)
      : sampler_{.n = term.candidates(),
                 .rows_drawn = int(term.axes.size()),
                 .dims = term.dims,
                 .seed = seed,
                 .stream = stream},
        axes_(term.axes),
        lattice_(term.lattice),
        shifts_(std::vector<double>(std::size_t(turns) * std::size_t(term.dims))),
        // Residuals are taken at them before they are drawn for the first time.
        rows_(std::vector<S>(term.axes.size() * std::size_t(term.points))) {
    if (term.adaptive > 0 || term.retain) guide_.emplace(device, term, seed, stream);
    sampler_.axes = axes_.data();
    sampler_.lattice = term.lattice.empty() ? nullptr : lattice_.data();
    sampler_.shifts = shifts_.data();
    sampler_.rows = guide_ ? guide_->candidates() : rows_.data();
  }

  S* rows() { return rows_.data(); }  ///< [axes][points]
  std::vector<double> host() const {
    const std::vector<S> rows = rows_.host();
    return {rows.begin(), rows.end()};
  }
  void set(const std::vector<double>& rows) { rows_.set({rows.begin(), rows.end()}); }
  void set_shifts(const std::vector<double>& shifts) { shifts_.set(shifts); }

  /// Queues a draw; `residuals` as GuidedPoints has them.
  template <class Residuals>
  void queue(Device& device, const Clock* clock, Residuals&& residuals) {
    sampler_.clock = clock;
    device.each(sampler_.n, sampler_);
    if (guide_) guide_->queue(device, clock, rows(), residuals);
  }

 private:
  PointSampler<S> sampler_;
  Array<Axis> axes_;
  Array<double> lattice_, shifts_;
  Array<S> rows_;
  std::optional<GuidedPoints<S, Device>> guide_;
};

}  // namespace residua::cuda
