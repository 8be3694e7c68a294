#pragma once
#include <string>
#include <utility>
#include <vector>

namespace residua::commands {

/// Parses words of the form name=number. Throws Error for anything else.
std::vector<std::pair<std::string, double>> parse_given(const std::vector<std::string>& words);

}  // namespace residua::commands
