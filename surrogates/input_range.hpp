#pragma once
#include <cmath>
#include <limits>
#include <vector>

#include "kernels/core/host_device.hpp"
#include "surrogates/model.hpp"
#include "surrogates/surrogate.hpp"

namespace residua {

/// What an input may be: its unit over the dimensionless one, its range, and how far beyond is still near.
struct InputRange {
  double unit, lower, upper, margin;

  /// The bounds in the precision of the call, so that a bound itself is inside.
  template <class Io>
  RESIDUA_HD Status status_of(Io value) const {
    if (!(std::abs(value) <= std::numeric_limits<Io>::max())) return Status::not_finite;
    if (value >= Io(lower) && value <= Io(upper)) return Status::ok;
    const bool near = double(value) >= lower - margin && double(value) <= upper + margin;
    return near ? Status::near : Status::outside;
  }
};

/// Those of a checked model.
inline std::vector<InputRange> input_ranges(const Model& model, const PhysicsInfo& physics) {
  const std::vector<double> units = input_units(model, physics);
  std::vector<InputRange> ranges;
  for (std::size_t i = 0; i < units.size(); ++i) {
    const Variable& v = model.card.inputs[i];
    ranges.push_back({units[i], v.lower, v.upper, kNearRange * (v.upper - v.lower)});
  }
  return ranges;
}

}  // namespace residua
