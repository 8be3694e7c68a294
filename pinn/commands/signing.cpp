#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <string>

#include "datasets/atomic_file.hpp"
#include "kernels/core/error.hpp"
#include "pinn/commands/commands.hpp"
#include "surrogates/signature.hpp"
#include "surrogates/surrogate.hpp"

namespace residua::commands {
namespace {

namespace fs = std::filesystem;

void make_keys(const fs::path& stem, const std::string& name) {
  const fs::path secret = stem.string() + ".key", open = stem.string() + ".pub";
  if (fs::exists(open)) throw Error(fmt::format("{}: exists already: keys are never overwritten", open.string()));
  const SecretKey key = SecretKey::generate(name.empty() ? stem.filename().string() : name);
  key.write(secret);
  write_file(open, line_of(key.public_key()));
  fmt::print("secret key   {} (keep it where only those who release surrogates can read it)\n", secret.string());
  fmt::print("public key   {} (give it to whoever loads them)\n", open.string());
}

}  // namespace

void add_keygen(CLI::App& app) {
  auto* command = app.add_subcommand("keygen", "make a key pair for signing: STEM.key (secret) and STEM.pub");
  struct Options {
    std::string stem, name;
  };
  auto o = std::make_shared<Options>();
  command->add_option("stem", o->stem, "where to write the keys, without their endings")->required();
  command->add_option("--name", o->name, "what to call the key's holder (default: the last part of STEM)");
  command->callback([o] { make_keys(o->stem, o->name); });
}

void add_sign(CLI::App& app) {
  auto* command = app.add_subcommand("sign", "sign a surrogate, in place of any signature it has");
  struct Options {
    std::string file, key;
    bool detached = false;
  };
  auto o = std::make_shared<Options>();
  command->add_option("surrogate", o->file, "surrogate file")->required();
  command->add_option("--key", o->key, "secret key that residua keygen made")->required();
  command->add_flag("--detached", o->detached, "write the signature to SURROGATE.sig instead of into the file");
  command->callback([o] {
    const SecretKey key = SecretKey::read(o->key);
    fmt::print("{}: signed as {}\n", sign_file(o->file, key, o->detached).string(), key.public_key().name);
  });
}

void add_verify(CLI::App& app) {
  auto* command = app.add_subcommand("verify", "check that a surrogate is signed with a trusted key, and loads");
  struct Options {
    std::string file, keys;
  };
  auto o = std::make_shared<Options>();
  command->add_option("surrogate", o->file, "surrogate file")->required();
  command->add_option("--keys", o->keys, "list of trusted public keys: STEM.pub, or several such lines")->required();
  command->callback([o] {
    const Surrogate surrogate(o->file, signed_by(o->keys));
    const Card& card = surrogate.card();
    fmt::print("{}: signed by {}, {} of {}\n", o->file, card.signature.name, card.physics, card.provenance.created);
  });
}

}  // namespace residua::commands
