#pragma once
#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "kernels/core/error.hpp"

namespace residua {

/// Whether an action succeeds. It may refuse its input by an Error, whose message is one line without control
/// characters; anything else is a finding, and ends the program.
template <class Action>
bool attempt(Action&& action) {
  try {
    action();
    return true;
  } catch (const Error& error) {
    const std::string_view message = error.what();
    const auto is_control = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
    if (message.empty() || std::any_of(message.begin(), message.end(), is_control)) std::abort();
    return false;
  }
}

}  // namespace residua
