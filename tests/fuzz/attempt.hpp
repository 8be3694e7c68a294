#pragma once
#include <cstdlib>
#include <exception>
#include <string_view>

#include "kernels/core/error.hpp"

namespace residua {

/// Whether an action succeeds. It may refuse its input by an Error, whose message is one line; anything else is a
/// finding, and ends the program.
template <class Action>
bool attempt(Action&& action) {
  try {
    action();
    return true;
  } catch (const Error& error) {
    const std::string_view message = error.what();
    if (message.empty() || message.find('\n') != message.npos) std::abort();
    return false;
  }
}

}  // namespace residua
