#include "pinn/archive.hpp"

#include <fmt/format.h>
#include <torch/serialize/archive.h>

#include <utility>

#include "kernels/core/error.hpp"

namespace residua {

void write_value(OutputArchive& archive, const char* key, const c10::IValue& value) { archive.write(key, value); }

c10::IValue read_value(InputArchive& archive, const char* key) {
  if (auto value = find_value(archive, key)) return *std::move(value);
  throw Error(fmt::format("no value '{}': expected what this version writes", key));
}

std::optional<c10::IValue> find_value(InputArchive& archive, const char* key) {
  c10::IValue value;
  if (!archive.try_read(key, value)) return {};
  return value;
}

void write_part(OutputArchive& archive, const char* key, const std::function<void(OutputArchive&)>& write) {
  OutputArchive part;
  write(part);
  archive.write(key, part);
}

void read_part(InputArchive& archive, const char* key, const std::function<void(InputArchive&)>& read) {
  InputArchive part;
  archive.read(key, part);
  read(part);
}

}  // namespace residua
