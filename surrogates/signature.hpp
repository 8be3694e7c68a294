#pragma once
#include <array>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "surrogates/card.hpp"
#include "surrogates/trust.hpp"

namespace residua {

/// Bytes of a signature block: a mark, the public key, and the Ed25519 signature (RFC 8032) of all bytes before it.
inline constexpr std::size_t kSignatureBlock = 8 + 32 + 64;

/// The secret half of an Ed25519 key. Wiped from memory with this object.
class [[gnu::visibility("default")]] SecretKey {
 public:
  /// A new key from the system's random numbers. Throws Error if the name is empty, long, or has control characters.
  static SecretKey generate(const std::string& name);
  /// Reads what write() wrote. Throws Error also if others than the file's owner may read or change it.
  static SecretKey read(const std::filesystem::path& path);
  SecretKey(const SecretKey&) = delete;
  SecretKey& operator=(const SecretKey&) = delete;
  ~SecretKey();

  /// Writes `residua-ed25519-secret <seed> <name>` to a new file that only its owner may read. Throws Error if there is
  /// a file already.
  void write(const std::filesystem::path& path) const;

  const PublicKey& public_key() const { return public_; }
  /// The Ed25519 signature of a message.
  std::array<std::byte, 64> sign(std::span<const std::byte> message) const;

 private:
  SecretKey(std::span<const std::byte> seed, const std::string& name);

  PublicKey public_;
  std::array<unsigned char, 64> secret_;
};

/// read_public_keys() of a text; `where` starts the message of every Error.
[[gnu::visibility("default")]] std::vector<PublicKey> parse_public_keys(std::string_view text,
                                                                        const std::string& where);

/// The line of a list of public keys.
[[gnu::visibility("default")]] std::string line_of(const PublicKey& key);

/// A file, and the signature block at its end if there is one, of this version or another: verify() tells.
struct SignedFile {
  std::span<const std::byte> content;
  std::span<const std::byte> block;  ///< empty: not signed
};
[[gnu::visibility("default")]] SignedFile split_signature(std::span<const std::byte> file);

/// The signature block of a file's content.
[[gnu::visibility("default")]] std::vector<std::byte> signature_block(std::span<const std::byte> content,
                                                                      const SecretKey& key);

/// Where the detached signature of a file is looked for.
std::filesystem::path detached_signature(const std::filesystem::path& file);

/// Whose signature a file bears, as the policy asks. Throws Error if it has none that satisfies the policy, or one that
/// does not match. Nothing else of the file is looked at.
Signature verify(const SignedFile& file, const LoadOptions& options, const std::string& where);

/// Signs a surrogate file, which must load, in place of any signature that it has: inside the file, or, `detached`,
/// beside it. Returns the path that was written. All or nothing; throws Error.
[[gnu::visibility("default")]] std::filesystem::path sign_file(const std::filesystem::path& path, const SecretKey& key,
                                                               bool detached);

}  // namespace residua
