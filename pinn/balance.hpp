#pragma once
#include <optional>

#include "surrogates/surrogate.hpp"

namespace residua {

/// How well a surrogate of the kiln's axis keeps energy at its default case: what the gas gives less what bed, reaction
/// and losses take, over what the gas gives; for the dynamic kiln over the whole time. Nothing for other physics.
std::optional<double> enthalpy_closure(const Surrogate& surrogate);

}  // namespace residua
