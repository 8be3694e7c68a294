#pragma once
#include <ATen/core/ivalue.h>

#include <functional>
#include <optional>

namespace torch::serialize {
class InputArchive;
class OutputArchive;
}  // namespace torch::serialize

namespace residua {

// State by key in an archive of torch's, whose own headers take long to compile. Reading what is not there throws
// Error that names the key.

using torch::serialize::InputArchive;
using torch::serialize::OutputArchive;

void write_value(OutputArchive& archive, const char* key, const c10::IValue& value);
c10::IValue read_value(InputArchive& archive, const char* key);
/// Nothing if it is not there, as in a file of an earlier version.
std::optional<c10::IValue> find_value(InputArchive& archive, const char* key);

/// An archive within the archive.
void write_part(OutputArchive& archive, const char* key, const std::function<void(OutputArchive&)>& write);
void read_part(InputArchive& archive, const char* key, const std::function<void(InputArchive&)>& read);

}  // namespace residua
