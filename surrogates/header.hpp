#pragma once
#include <string>
#include <string_view>

#include "surrogates/model.hpp"

namespace residua {

/// The text of a C++20 header that evaluates this one model, in its precision and in plant units, with nothing but the
/// standard library: docs/inference.md. What it defines is in the namespace that namespace_of(name) gives.
/// The model must have been loaded. Throws Error if it has a branch, if its physics answers with more than first
/// derivatives of the network, or if a parameter makes a step of the answer infinite.
std::string header_of(const Model& model, std::string_view name);

/// A name with only letters, digits and underscores that starts with a letter and is no word of C++.
std::string namespace_of(std::string_view name);

}  // namespace residua
