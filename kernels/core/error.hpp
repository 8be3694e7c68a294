#pragma once
#include <stdexcept>

namespace residua {

/// A mistake of the user, of a file or of the program's caller, found at a load, config or call boundary.
/// The message is one line that says what, where, expected and found. Visible, so that it can be caught across
/// libraries.
struct [[gnu::visibility("default")]] Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace residua
