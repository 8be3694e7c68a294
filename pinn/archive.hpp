#pragma once
#include <torch/serialize/archive.h>

namespace residua {

/// A value of an archive by its key; c10::Error if it is not there.
inline c10::IValue read_value(torch::serialize::InputArchive& archive, const char* key) {
  c10::IValue value;
  archive.read(key, value);
  return value;
}

}  // namespace residua
