#include "pinn/archive.hpp"

#include <torch/serialize/archive.h>

namespace residua {

void write_value(OutputArchive& archive, const char* key, const c10::IValue& value) { archive.write(key, value); }

c10::IValue read_value(InputArchive& archive, const char* key) {
  c10::IValue value;
  archive.read(key, value);
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
