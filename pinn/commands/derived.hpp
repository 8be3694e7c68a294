#pragma once
#include <fmt/format.h>

#include <filesystem>
#include <string>

#include "surrogates/file.hpp"

namespace residua::commands {

/// What a command loads that makes one surrogate from another: with a list of keys, only what one of them has signed.
inline Model load_parent(const std::string& surrogate, const std::string& keys) {
  return load(surrogate, keys.empty() ? LoadOptions{} : signed_by(keys));
}

/// Saves what was made from a loaded surrogate, which it names as its parent; `change` says what was done, in a line.
inline void save_derived(Model model, const std::string& change, const std::filesystem::path& path,
                         std::optional<Container> container = {}) {
  model.card.provenance.parents.push_back({model.card.digest, change});
  save(model, path, container);
  if (!model.card.signature.key.empty())
    fmt::print("{}: not signed: sign it anew, since its content is not what was signed\n", path.string());
}

}  // namespace residua::commands
