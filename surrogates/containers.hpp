#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "surrogates/model.hpp"

/// The containers of a surrogate file. Each holds the content of content.hpp; `where` and `name` start the message of
/// every Error. What is read has not passed check() yet.
namespace residua {

std::vector<std::byte> hdf5_image(const Model& model, const std::string& where);
Model read_hdf5(std::span<const std::byte> image, const std::string& name);

/// The compact form: compact.hpp.
[[gnu::visibility("default")]] std::vector<std::byte> compact_image(const Model& model, const std::string& where);
Model read_compact(std::span<const std::byte> image, const std::string& name);
bool is_compact(std::span<const std::byte> image);

}  // namespace residua
