#pragma once
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <vector>

#include "kernels/core/error.hpp"
#include "surrogates/file.hpp"
#include "surrogates/surrogate.hpp"
#include "tests/surrogates/temporary_folder.hpp"

namespace residua {

using Bytes = std::vector<std::byte>;

inline Bytes read_bytes(const std::filesystem::path& path) {
  Bytes bytes(std::filesystem::file_size(path));
  std::ifstream(path, std::ios::binary).read(reinterpret_cast<char*>(bytes.data()), std::ssize(bytes));
  return bytes;
}

inline void write_bytes(const std::filesystem::path& path, std::span<const std::byte> bytes) {
  std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char*>(bytes.data()), std::ssize(bytes));
}

/// The bytes of a model's file.
inline Bytes saved(const Model& model, std::optional<Container> container = {}) {
  const TemporaryFolder folder;
  save(model, folder / "surrogate.h5", container);
  return read_bytes(folder / "surrogate.h5");
}

/// Why bytes are refused as a surrogate file, or "accepted".
inline std::string refusal_of(std::span<const std::byte> bytes) {
  try {
    load(bytes, "surrogate");
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

inline Surrogate loaded(const Model& model) {
  const TemporaryFolder folder;
  save(model, folder / "surrogate.h5");
  return Surrogate(folder / "surrogate.h5");
}

}  // namespace residua
