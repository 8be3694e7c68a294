// Signatures of files, and lists of trusted keys.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string_view>
#include <vector>

#include "surrogates/signature.hpp"
#include "tests/fuzz/attempt.hpp"

namespace residua {
namespace {

// Whose signatures are in the corpus.
constexpr std::string_view kTrusted =
    "residua-ed25519 53b3cc11f4d2d7873ac4b6be2fcce72f46adaa6c7920d1b5bd227da6aa28617e corpus\n";

/// What a list holds is written as a list that holds the same.
void read_list(std::string_view text) {
  std::vector<PublicKey> keys;
  if (!attempt([&] { keys = parse_public_keys(text, "list"); })) return;
  for (const PublicKey& key : keys) {
    const std::vector<PublicKey> again = parse_public_keys(line_of(key), "line");
    if (again.size() != 1 || again[0].name != key.name || again[0].bytes != key.bytes) std::abort();
  }
}

void verify_signature(std::span<const std::byte> file) {
  static const LoadOptions required{SignaturePolicy::required, parse_public_keys(kTrusted, "trusted")};
  const SignedFile parts = split_signature(file);
  if (parts.content.size() + parts.block.size() != file.size()) std::abort();
  const bool trusted = attempt([&] { verify(parts, required, "file"); });
  const bool sound = attempt([&] { verify(parts, {}, "file"); });
  if (trusted && !sound) std::abort();
  attempt([&] { verify({{}, file}, required, "detached"); });  // as in a file .sig
}

}  // namespace
}  // namespace residua

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  residua::read_list({reinterpret_cast<const char*>(data), size});
  residua::verify_signature(std::as_bytes(std::span(data, size)));
  return 0;
}
