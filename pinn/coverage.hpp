#pragma once
#include <string>
#include <vector>

#include "pinn/problem.hpp"
#include "surrogates/surrogate.hpp"

namespace residua {

/// Where in the envelope a surrogate errs: unseen cases over pairs of its design inputs, coloured by the relative error
/// of their worst output; as panels for save_panels(). None without design inputs or a reference. Solves the reference
/// once for each case.
std::vector<std::string> coverage(const Surrogate& surrogate, const Problem& problem, int cases, std::uint64_t seed);

}  // namespace residua
