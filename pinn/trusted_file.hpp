#pragma once
#include <filesystem>
#include <string>

namespace residua {

// Files that this program acts upon as if they were parts of it. Whoever may write them could make it do anything; so
// nobody but the user, or the administrator, may.

/// The whole of such a file, read once. Throws Error if it cannot be read, is larger than `most` bytes, or if it or its
/// folder may be written by others.
std::string read_trusted(const std::filesystem::path& path, std::size_t most);

/// Makes a folder, and those above it, that only the user may enter; an old one is good if only the user may write it.
/// Throws Error.
void make_private_folder(const std::filesystem::path& path);

}  // namespace residua
