#include "surrogates/signature.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "kernels/core/error.hpp"
#include "surrogates/crypto.hpp"
#include "surrogates/surrogate.hpp"
#include "tests/surrogates/random_model.hpp"
#include "tests/surrogates/saved.hpp"

namespace residua {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;

Model small_model() { return random_model("heat_rod", {.width = 2, .depth = 1}); }

Bytes joined(Bytes content, const Bytes& block) {
  content.insert(content.end(), block.begin(), block.end());
  return content;
}

/// What an action throws, or "accepted".
template <class Action>
std::string refusal_of(Action&& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

void write_text(const fs::path& path, const std::string& text, unsigned mode = 0600) {
  write_bytes(path, std::as_bytes(std::span(text)));
  fs::permissions(path, fs::perms(mode));
}

/// Files signed by "plant", and who trusts whom.
class SurrogateSignature : public testing::Test {
 protected:
  explicit SurrogateSignature(Container container = Container::hdf5) : content_(saved(small_model(), container)) {}

  std::string refusal(std::span<const std::byte> file, const LoadOptions& options) const {
    return refusal_of([&] { load(file, "surrogate.h5", options); });
  }

  const SecretKey plant_ = SecretKey::generate("plant"), stranger_ = SecretKey::generate("stranger");
  const LoadOptions required_{SignaturePolicy::required, {plant_.public_key()}}, if_present_;
  const Bytes content_, signed_ = joined(content_, signature_block(content_, plant_));
  const TemporaryFolder folder_;
  const fs::path path_ = folder_ / "surrogate.h5";
};

/// The same in each container.
class SignedContainer : public SurrogateSignature, public testing::WithParamInterface<Container> {
 protected:
  SignedContainer() : SurrogateSignature(GetParam()) {}
};
INSTANTIATE_TEST_SUITE_P(Each, SignedContainer, testing::Values(Container::hdf5, Container::compact),
                         [](const auto& each) { return each.param == Container::hdf5 ? "hdf5" : "compact"; });

TEST_F(SurrogateSignature, IsThatOfRfc8032) {
  // Section 7.1, test 3.
  write_text(folder_ / "rfc.key",
             "residua-ed25519-secret c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7 rfc\n");
  const SecretKey key = SecretKey::read(folder_ / "rfc.key");
  EXPECT_EQ(hex_of(key.public_key().bytes), "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025");
  const Bytes message = {std::byte{0xaf}, std::byte{0x82}};
  EXPECT_EQ(hex_of(key.sign(message)),
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
            "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a");
}

TEST_F(SurrogateSignature, IsOnTheCardWithTheNameOfATrustedSigner) {
  const std::string key = hex_of(plant_.public_key().bytes);
  const Signature named = load(signed_, "file", required_).card.signature;
  EXPECT_EQ(named.key, key);
  EXPECT_EQ(named.name, "plant");
  const Signature unnamed = load(signed_, "file").card.signature;
  EXPECT_EQ(unnamed.key, key);
  EXPECT_EQ(unnamed.name, "");
  EXPECT_EQ(load(content_, "file").card.signature.key, "");
}

TEST_F(SurrogateSignature, MustBeThatOfATrustedKeyWhereRequired) {
  EXPECT_EQ(refusal(signed_, required_), "accepted");
  EXPECT_THAT(refusal(content_, required_), HasSubstr("not signed"));
  const Bytes forged = joined(content_, signature_block(content_, stranger_));
  EXPECT_THAT(refusal(forged, required_),
              AllOf(HasSubstr("not trusted: expected that of plant"), HasSubstr(hex_of(stranger_.public_key().bytes))));
  EXPECT_EQ(refusal(forged, {SignaturePolicy::required, {plant_.public_key(), stranger_.public_key()}}), "accepted");
  EXPECT_THAT(refusal(signed_, {SignaturePolicy::required, {}}), HasSubstr("no key is trusted"));
}

TEST_P(SignedContainer, RefusesTheSignatureOfAnotherFile) {
  Model other = small_model();
  other.card.provenance.seed = 7;
  const Bytes moved = joined(saved(other, GetParam()), signature_block(content_, plant_));
  EXPECT_THAT(refusal(moved, required_), HasSubstr("changed after it was signed"));
  EXPECT_THAT(refusal(moved, if_present_), HasSubstr("changed after it was signed"));
}

TEST_F(SurrogateSignature, IsLookedAtBeforeAnythingElse) {
  const Bytes junk(5000, std::byte{7});
  EXPECT_THAT(refusal(joined(junk, signature_block(content_, plant_)), required_), HasSubstr("signature"));
  EXPECT_THAT(refusal(junk, required_), HasSubstr("not signed"));
  EXPECT_THAT(refusal(joined(junk, signature_block(junk, plant_)), required_), HasSubstr("not a Residua surrogate"));
}

TEST_P(SignedContainer, IsProtectedInEveryByte) {
  Bytes bytes = signed_;
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    const std::byte flip = std::byte(1 << at % 8);
    bytes[at] ^= flip;
    ASSERT_NE(refusal(bytes, required_), "accepted") << "at byte " << at;
    if (at >= content_.size()) {
      ASSERT_NE(refusal(bytes, if_present_), "accepted") << "at byte " << at;
    }
    bytes[at] ^= flip;
  }
  EXPECT_EQ(refusal(bytes, required_), "accepted");
}

TEST_P(SignedContainer, LosesItsSignatureOnlyWhereNoneIsRequired) {
  for (std::size_t length = 0; length < signed_.size(); ++length) {
    const auto part = std::span(signed_).first(length);
    ASSERT_THAT(refusal(part, required_), HasSubstr("not signed")) << "at length " << length;
    const std::string found = refusal(part, if_present_);
    ASSERT_THAT(found, HasSubstr(length == content_.size() ? "accepted" : "cut off")) << "at length " << length;
  }
}

TEST_P(SignedContainer, OfANewerSignatureIsNotTakenForUnsigned) {
  Bytes newer = signed_;
  newer[content_.size() + 7] = std::byte{2};
  for (const LoadOptions& options : {required_, if_present_})
    EXPECT_THAT(refusal(newer, options), HasSubstr("its signature is of a newer format 2: expected at most 1"));
  write_bytes(path_, content_);
  write_bytes(folder_ / "surrogate.h5.sig", std::span(newer).subspan(content_.size()));
  EXPECT_THAT(refusal_of([&] { load(path_, required_); }), HasSubstr("newer format 2"));
}

TEST_F(SurrogateSignature, IsWrittenIntoTheFileInPlaceOfAnEarlierOne) {
  write_bytes(path_, content_);
  EXPECT_EQ(sign_file(path_, stranger_, false), path_);
  EXPECT_EQ(sign_file(path_, plant_, false), path_);
  EXPECT_EQ(read_bytes(path_), signed_);  // Ed25519 signs the same bytes in the same way
  EXPECT_EQ(Surrogate(path_, required_).card().signature.name, "plant");
}

TEST_P(SignedContainer, MayHaveItsSignatureBesideIt) {
  write_bytes(path_, signed_);
  const fs::path beside = sign_file(path_, plant_, true);
  EXPECT_EQ(beside, folder_ / "surrogate.h5.sig");
  EXPECT_EQ(read_bytes(path_), content_);
  EXPECT_EQ(joined(content_, read_bytes(beside)), signed_);
  EXPECT_EQ(Surrogate(path_, required_).card().signature.name, "plant");

  Bytes block = read_bytes(beside);
  const auto refusal = [&] { return refusal_of([&] { load(path_, required_); }); };
  for (std::size_t at = 0; at < block.size(); ++at) {
    block[at] ^= std::byte{16};
    write_bytes(beside, block);
    ASSERT_NE(refusal(), "accepted") << "at byte " << at;
    block[at] ^= std::byte{16};
    write_bytes(beside, std::span(block).first(at));
    ASSERT_NE(refusal(), "accepted") << "at length " << at;
  }
  EXPECT_EQ(refusal_of([&] { load(path_); }), "accepted");  // what lies beside is no part of the file
  fs::remove(beside);
  EXPECT_THAT(refusal(), HasSubstr("not signed"));
}

TEST_F(SurrogateSignature, IsOnlyGivenToAFileThatLoads) {
  Bytes broken = content_;
  broken[2000] ^= std::byte{1};
  write_bytes(path_, broken);
  EXPECT_THAT(refusal_of([&] { sign_file(path_, plant_, false); }), HasSubstr("damaged"));
  EXPECT_EQ(read_bytes(path_), broken);
}

TEST_F(SurrogateSignature, KeysAreReadAsTheyWereWritten) {
  plant_.write(folder_ / "plant.key");
  EXPECT_EQ(unsigned(fs::status(folder_ / "plant.key").permissions()), 0600u);
  const SecretKey back = SecretKey::read(folder_ / "plant.key");
  EXPECT_EQ(signature_block(content_, back), signature_block(content_, plant_));
  write_text(folder_ / "trusted.keys",
             "# who may release surrogates\n\n" + line_of(plant_.public_key()) + line_of(stranger_.public_key()));
  const std::vector<PublicKey> keys = read_public_keys(folder_ / "trusted.keys");
  ASSERT_EQ(keys.size(), 2u);
  EXPECT_EQ(keys[0].name, "plant");
  EXPECT_EQ(keys[0].bytes, plant_.public_key().bytes);
  EXPECT_EQ(keys[1].bytes, stranger_.public_key().bytes);
}

TEST_F(SurrogateSignature, SecretKeysAreKept) {
  const fs::path secret = folder_ / "plant.key";
  plant_.write(secret);
  EXPECT_THAT(refusal_of([&] { stranger_.write(secret); }), HasSubstr("File exists"));
  EXPECT_EQ(SecretKey::read(secret).public_key().name, "plant");
  fs::permissions(secret, fs::perms(0640));
  EXPECT_THAT(refusal_of([&] { SecretKey::read(secret); }), AllOf(HasSubstr("expected mode 600"), HasSubstr("640")));
}

TEST_F(SurrogateSignature, KeyFilesThatMakeNoSenseAreRefused) {
  const auto reading = [&](const std::string& text) {
    write_text(folder_ / "a.pub", text);
    return refusal_of([&] { read_public_keys(folder_ / "a.pub"); });
  };
  const std::string good = line_of(plant_.public_key());
  EXPECT_EQ(reading(good), "accepted");
  EXPECT_THAT(reading(""), HasSubstr("expected at least one line"));
  EXPECT_THAT(reading("# nobody\n"), HasSubstr("expected at least one line"));
  EXPECT_THAT(reading(good + "ssh-ed25519 AAAA plant\n"), AllOf(HasSubstr("a.pub:2"), HasSubstr("another kind")));
  EXPECT_THAT(reading(good.substr(0, 60)), HasSubstr("64 digits"));
  std::string bad = good;
  bad[20] = 'g';
  EXPECT_THAT(reading(bad), HasSubstr("64 digits"));
  EXPECT_THAT(reading(good.substr(0, good.find(" plant")) + " \n"), HasSubstr("64 digits"));
  EXPECT_THAT(reading(good.substr(0, good.find("plant")) + "pl\x1bnt\n"), HasSubstr("not printable"));
  plant_.write(folder_ / "plant.key");
  EXPECT_THAT(refusal_of([&] { read_public_keys(folder_ / "plant.key"); }), HasSubstr("found a secret key"));
  write_text(folder_ / "plant.pub", good);
  EXPECT_THAT(refusal_of([&] { SecretKey::read(folder_ / "plant.pub"); }), HasSubstr("found a public key"));
  EXPECT_THAT(refusal_of([&] { SecretKey::generate(""); }), HasSubstr("name of a key"));
}

}  // namespace
}  // namespace residua
