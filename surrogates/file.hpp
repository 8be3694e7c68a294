#pragma once
#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "surrogates/model.hpp"
#include "surrogates/trust.hpp"

namespace residua {

/// The newest format that this version reads, and the one that it writes: docs/file_format.md.
inline constexpr int kFormatVersion = 3;

/// Writes a surrogate file all or nothing: a reader sees the old file or the new one, also after a power cut. Without a
/// container it is that of the model.
/// Records the self-test, and the time if the card has none. Throws Error if the model fails check(), if the fast
/// evaluation disagrees with the reference, or if the file cannot be written.
[[gnu::visibility("default")]] void save(const Model& model, const std::filesystem::path& path,
                                         std::optional<Container> container = {});

/// Reads a surrogate file, trusting nothing in it: its signature comes first, its digest next. Throws Error, with one
/// line that says what is wrong.
[[gnu::visibility("default")]] Model load(const std::filesystem::path& path, const LoadOptions& options = {});

/// The same from bytes in memory; `name` is for messages, and a signature can only be inside.
[[gnu::visibility("default")]] Model load(std::span<const std::byte> file, const std::string& name,
                                          const LoadOptions& options = {});

}  // namespace residua
