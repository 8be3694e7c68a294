#pragma once
#include <string>
#include <utility>
#include <vector>

namespace residua::commands {

/// Parses words of the form name=number; `option` is where they come from, for messages. Throws Error for anything
/// else.
std::vector<std::pair<std::string, double>> parse_given(const std::vector<std::string>& words,
                                                        const char* option = "--at");

}  // namespace residua::commands
