#pragma once
#include <array>
#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace residua {

/// The public half of an Ed25519 key, and what its holder is called.
struct PublicKey {
  std::string name;
  std::array<std::byte, 32> bytes{};
};

/// Reads a list of public keys, one a line: `residua-ed25519 <64 hexadecimal digits> <name>`. What `residua keygen`
/// writes is a list of one; a line that is empty or starts with # is skipped. Throws Error if the file cannot be read,
/// holds anything else (a secret key, say), or no key at all.
[[gnu::visibility("default")]] std::vector<PublicKey> read_public_keys(const std::filesystem::path& path);

enum class SignaturePolicy {
  /// A signature inside the file must match its content, whoever made it; a file without one is loaded too.
  if_present,
  /// Only a file that one of the trusted keys has signed is loaded. The signature is the one inside the file or, if
  /// there is none, that in the file of the same name with `.sig` behind it.
  required
};

/// What a surrogate file must be to be loaded: docs/security.md.
struct LoadOptions {
  SignaturePolicy policy = SignaturePolicy::if_present;
  std::vector<PublicKey> trusted_keys;
};

/// Options for loading only what has been signed with one of the keys in a list. Throws as read_public_keys() does.
inline LoadOptions signed_by(const std::filesystem::path& keys) {
  return {SignaturePolicy::required, read_public_keys(keys)};
}

}  // namespace residua
