#include "surrogates/signature.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "datasets/atomic_file.hpp"
#include "surrogates/crypto.hpp"
#include "surrogates/file.hpp"
#include "surrogates/mark.hpp"
#include "surrogates/seal.hpp"

namespace residua {
namespace {

namespace fs = std::filesystem;

constexpr Mark kMark{{'R', 'S', 'D', 'S', 'I', 'G', '\n'}, 1};
constexpr std::size_t kKey = 32, kSignature = 64, kMaxName = 100;
static_assert(kKey == crypto_sign_PUBLICKEYBYTES && kSignature == crypto_sign_BYTES);
static_assert(kKey == crypto_sign_SEEDBYTES && kSignatureBlock == Mark::kSize + kKey + kSignature);
constexpr std::string_view kPublicKind = "residua-ed25519", kSecretKind = "residua-ed25519-secret";

[[noreturn]] void fail(const std::string& where, const std::string& what) { throw Error(where + ": " + what); }

bool is_good_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxName && name.front() != ' ' && name.back() != ' ' &&
         std::none_of(name.begin(), name.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

/// A line of a key file, `<kind> <64 hexadecimal digits> <name>`: writes the 32 bytes and returns the name.
std::string parse_key(std::string_view line, std::string_view kind, std::span<std::byte> bytes,
                      const std::string& where) {
  const auto refuse = [&](const char* found) {
    fail(where, fmt::format("expected '{} <64 hexadecimal digits> <name>', found {}", kind, found));
  };
  const std::size_t digits = kind.size() + 1, name = digits + 2 * kKey + 1;
  if (!line.starts_with(fmt::format("{} ", kind)))
    refuse(line.starts_with(kSecretKind)   ? "a secret key"
           : line.starts_with(kPublicKind) ? "a public key"
                                           : "another kind of line");
  std::size_t count = 0;
  if (line.size() <= name || line[name - 1] != ' ' ||
      sodium_hex2bin(reinterpret_cast<unsigned char*>(bytes.data()), kKey, line.data() + digits, 2 * kKey, nullptr,
                     &count, nullptr) != 0 ||
      count != kKey)
    refuse("other than 64 digits");
  if (!is_good_name(line.substr(name))) refuse("a name that is empty, long or not printable");
  return std::string(line.substr(name));
}

/// The text of a key file, wiped from memory when done with.
class KeyText {
 public:
  explicit KeyText(const fs::path& path) : bytes_(read_regular_file(path)) {}
  KeyText(const KeyText&) = delete;
  KeyText& operator=(const KeyText&) = delete;
  ~KeyText() { sodium_memzero(bytes_.data(), bytes_.size()); }
  std::string_view view() const { return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()}; }

 private:
  std::vector<std::byte> bytes_;
};

/// The secret that a key pair is made from, wiped from memory when done with.
struct Seed {
  std::array<std::byte, kKey> bytes{};
  ~Seed() { sodium_memzero(bytes.data(), bytes.size()); }
};

}  // namespace

std::string line_of(const PublicKey& key) {
  return fmt::format("{} {} {}\n", kPublicKind, hex_of(key.bytes), key.name);
}

std::vector<PublicKey> read_public_keys(const fs::path& path) {
  return parse_public_keys(KeyText(path).view(), path.string());
}

std::vector<PublicKey> parse_public_keys(std::string_view text, const std::string& where) {
  start_sodium();
  std::vector<PublicKey> keys;
  int number = 0;
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    ++number;
    if (line.empty() || line.front() == '#') continue;
    PublicKey key;
    key.name = parse_key(line, kPublicKind, key.bytes, fmt::format("{}:{}", where, number));
    keys.push_back(key);
  }
  if (keys.empty()) fail(where, fmt::format("expected at least one line '{} ...', found none", kPublicKind));
  return keys;
}

SecretKey::SecretKey(std::span<const std::byte> seed, const std::string& name) {
  start_sodium();
  public_.name = name;
  crypto_sign_seed_keypair(reinterpret_cast<unsigned char*>(public_.bytes.data()), secret_.data(), as_chars(seed));
}

SecretKey::~SecretKey() { sodium_memzero(secret_.data(), secret_.size()); }

SecretKey SecretKey::generate(const std::string& name) {
  start_sodium();
  if (!is_good_name(name))
    throw Error(fmt::format("name of a key: expected 1 to {} printable characters, found '{}'", kMaxName, name));
  Seed seed;
  randombytes_buf(seed.bytes.data(), seed.bytes.size());
  return SecretKey(seed.bytes, name);
}

SecretKey SecretKey::read(const fs::path& path) {
  start_sodium();
  const KeyText file(path);
  const unsigned mode = unsigned(fs::status(path).permissions()) & 0777;
  if (mode & 077)
    fail(path.string(), fmt::format("others may use this secret key: expected mode 600, found {:o}", mode));
  const std::string_view line = file.view().substr(0, file.view().find('\n'));
  Seed seed;
  const std::string name = parse_key(line, kSecretKind, seed.bytes, path.string());
  return SecretKey(seed.bytes, name);
}

void SecretKey::write(const fs::path& path) const {
  Seed seed;
  crypto_sign_ed25519_sk_to_seed(reinterpret_cast<unsigned char*>(seed.bytes.data()), secret_.data());
  std::string text = fmt::format("{} {} {}\n", kSecretKind, hex_of(seed.bytes), public_.name);
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  int error = errno;
  if (file >= 0) {
    const bool whole = ::write(file, text.data(), text.size()) == ssize_t(text.size()) && fsync(file) == 0;
    error = whole ? 0 : errno;
    close(file);
  }
  sodium_memzero(text.data(), text.size());
  if (file < 0 || error) fail(path.string(), fmt::format("writing a secret key failed: {}", std::strerror(error)));
}

std::array<std::byte, 64> SecretKey::sign(std::span<const std::byte> message) const {
  std::array<std::byte, kSignature> signature;
  crypto_sign_detached(reinterpret_cast<unsigned char*>(signature.data()), nullptr, as_chars(message), message.size(),
                       secret_.data());
  return signature;
}

SignedFile split_signature(std::span<const std::byte> file) {
  if (file.size() < kSignatureBlock) return {file, {}};
  const auto block = file.last(kSignatureBlock);
  if (!kMark.starts(block)) return {file, {}};
  return {file.first(file.size() - kSignatureBlock), block};
}

std::vector<std::byte> signature_block(std::span<const std::byte> content, const SecretKey& key) {
  std::vector<std::byte> block;
  kMark.append_to(block);
  const auto signature = key.sign(content);
  block.insert(block.end(), key.public_key().bytes.begin(), key.public_key().bytes.end());
  block.insert(block.end(), signature.begin(), signature.end());
  return block;
}

fs::path detached_signature(const fs::path& file) { return file.string() + ".sig"; }

Signature verify(const SignedFile& file, const LoadOptions& options, const std::string& where) {
  const bool required = options.policy == SignaturePolicy::required;
  if (required && options.trusted_keys.empty())
    fail(where, "a signature is required, but no key is trusted: expected at least one");
  if (file.block.empty()) {
    if (required) fail(where, "not signed: expected a signature at its end, or beside it in a file .sig");
    return {};
  }
  if (file.block.size() != kSignatureBlock || !kMark.starts(file.block))
    fail(where, "its detached signature is none, or cut off");
  kMark.check_version(file.block, "signature", where);
  const auto key = file.block.subspan(Mark::kSize, kKey), signature = file.block.last(kSignature);
  Signature found{hex_of(key), ""};
  for (const PublicKey& trusted : options.trusted_keys)
    if (std::equal(key.begin(), key.end(), trusted.bytes.begin())) found.name = trusted.name;
  if (required && found.name.empty()) {
    std::vector<std::string> names;
    for (const PublicKey& trusted : options.trusted_keys) names.push_back(trusted.name);
    fail(where, fmt::format("signed by a key that is not trusted: expected that of {}, found {}",
                            fmt::join(names, " or "), found.key));
  }
  start_sodium();
  if (crypto_sign_verify_detached(as_chars(signature), as_chars(file.content), file.content.size(), as_chars(key)) != 0)
    fail(where, "changed after it was signed: its signature does not match its content");
  return found;
}

fs::path sign_file(const fs::path& path, const SecretKey& key, bool detached) {
  const std::vector<std::byte> file = read_regular_file(path);
  const auto content = split_signature(file).content;
  load(content, path.string());  // a signature on what nobody can use helps nobody
  std::vector<std::byte> block = signature_block(content, key);
  if (!detached) block.insert(block.begin(), content.begin(), content.end());
  if (block.size() > kMaxFile) fail(path.string(), "too large for a signature inside it: expected a detached one");
  // A detached signature is of all bytes of the file beside it, so that one must not have another at its end.
  if (detached && content.size() != file.size()) write_file(path, content);
  const fs::path written = detached ? detached_signature(path) : path;
  write_file(written, std::span<const std::byte>(block));
  return written;
}

}  // namespace residua
