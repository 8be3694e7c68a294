#pragma once
#include <gtest/gtest.h>

#include <string>

#include "kernels/core/error.hpp"

namespace residua {

/// The message of the Error that f() throws; a failed test and an empty text if it throws none.
template <class F>
std::string thrown_by(F&& f) {
  try {
    f();
  } catch (const Error& error) {
    return error.what();
  }
  ADD_FAILURE() << "no residua::Error was thrown";
  return {};
}

}  // namespace residua
