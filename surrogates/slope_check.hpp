#pragma once
#include <string>

#include "surrogates/engine.hpp"
#include "surrogates/model.hpp"

namespace residua {

/// The part of the self-test that is about derivatives: at a few points of it the Jacobian, the gradient and its
/// derivative along a direction must agree with differences of what the engine itself answers. Throws Error.
///
/// It finds a way back through the network that was compiled wrongly, and is made to never refuse a good surrogate:
/// - a point counts only where differences of a step, half and a quarter of it agree within 5 %: where the answer bends
///   much within a step, nothing can be said; and a derivative may be off by as much as they are apart;
/// - either end of a difference may be off by what the self-test allows for an answer;
/// - it may be off by 1 % of the sum of its parts, which a build that computes wrongly is not content with;
/// - steps across a seam, and what is not finite (which callers are told), count for nothing;
/// - most of at least three points must disagree: one of them may lie on a kink of the physics.
template <class S>
void expect_slopes(const Engine<S>& engine, const Model& model, const std::string& where);

}  // namespace residua
