#pragma once
#include <optional>
#include <string_view>
#include <vector>

#include "surrogates/surrogate.hpp"

namespace residua {

/// What a surrogate conserves over its whole time and space, and how far it misses that.
struct Audit {
  std::string_view what;  ///< is conserved
  std::string_view of;    ///< what `gap` is a share of
  double gap;             ///< |what enters - what leaves, is lost or stays| over what enters
};

/// The balance of one case: the kiln's axis and the kiln's wall keep heat, the leach column keeps solute. `params` are
/// all parameters of the physics in plant units. Nothing for other physics, and for surrogates of a part of the kiln,
/// the wall or the column only. Integrals by Simpson's rule, of fields that the surrogate answers; at the faces of a
/// wall the flow is what their temperature lets pass. Thread-safe.
std::optional<Audit> audit(const Surrogate& surrogate, const std::vector<double>& params);
/// Of the default case: design inputs at their defaults, in the middle of an envelope without them.
std::optional<Audit> audit(const Surrogate& surrogate);

}  // namespace residua
