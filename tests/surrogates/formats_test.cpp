// Files of every format version, as they were written when it was new: they stay readable, and answer what they did.
// A new version gets one of its own in both containers: save() writes a model that needs it, of which `residua export
// --compact` makes the other; what the two answer then is written down here.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <utility>

#include "kernels/core/error.hpp"
#include "surrogates/signature.hpp"
#include "tests/surrogates/random_model.hpp"
#include "tests/surrogates/saved.hpp"

namespace residua {
namespace {

const std::filesystem::path kFiles = RESIDUA_FILES;

void expect_answers(const std::string& file, double tolerance, const std::vector<double>& expected) {
  const Model model = load(kFiles / file);
  const Surrogate surrogate(kFiles / file);
  std::vector<double> out(expected.size());
  ASSERT_EQ(surrogate.predict(point_of(model, 0.3), out), Status::ok);
  for (std::size_t e = 0; e < out.size(); ++e) EXPECT_NEAR(out[e], expected[e], tolerance);
}

TEST(SurrogateFormats, OneIsReadable) {
  const Card card = load(kFiles / "format1.h5").card;
  EXPECT_EQ(card.format_version, 1);
  EXPECT_EQ(card.physics, "heat_rod");
  EXPECT_EQ(card.digest, "b080de04cbba68c82a36ef5d9663883b32caab01a3bda1a7682eb4530ec6c236");
  EXPECT_EQ(card.validation.outputs.at(0).worst, 2e-3);
  EXPECT_EQ(card.provenance.seed, 42);
  EXPECT_EQ(card.provenance.created, "2026-11-25T12:00:00Z");
  expect_answers("format1.h5", 1e-6, {1.03082063885008});
}

TEST(SurrogateFormats, TwoIsReadable) {
  for (const char* file : {"format2.h5", "compact2.rsd"}) {
    const Model model = load(kFiles / file);
    EXPECT_EQ(model.card.format_version, 2);
    EXPECT_EQ(model.card.members, 2);
    EXPECT_THAT(model.seams, testing::ElementsAre(3));
    expect_answers(file, 1e-12, {0.812483184337619, 0.285029130694202, 0.817231125887456});
  }
}

TEST(SurrogateFormats, ThreeIsReadable) {
  for (const char* file : {"format3.h5", "compact3.rsd"}) {
    const Model model = load(kFiles / file);
    EXPECT_EQ(model.card.format_version, 3);
    ASSERT_TRUE(model.branch);
    EXPECT_EQ(model.branch->width, 6);
    expect_answers(file, 1e-6, {1.32995986938477, 0.285001844167709, 1.32009613513947});
  }
}

TEST(SurrogateFormats, CompactIsReadable) {
  const Card card = load(kFiles / "compact1.rsd").card;
  EXPECT_EQ(card.digest, "bc1398136e3c714ab7e366bc54830d2432622c17d4d3c8c7db2496bdeb1a6319");
  EXPECT_EQ(card.experience.points, 1000);
  EXPECT_EQ(card.provenance.parents.at(0).digest, std::string(64, 'c'));
  expect_answers("compact1.rsd", 1e-9, {559.329218562197});
  EXPECT_NEAR(Surrogate(kFiles / "compact1.rsd").unfamiliarity(point_of(load(kFiles / "compact1.rsd"), 0.3)),
              16.581064863271, 1e-9);
}

/// The files of surrogates here, in a fixed order.
std::vector<std::filesystem::path> files() {
  std::vector<std::filesystem::path> found;
  for (const auto& entry : std::filesystem::directory_iterator(kFiles))
    if (entry.path().extension() == ".h5" || entry.path().extension() == ".rsd") found.push_back(entry.path());
  std::sort(found.begin(), found.end());
  return found;
}

TEST(SurrogateFormats, EachHasAFileInBothContainers) {
  std::set<std::pair<int, Container>> found;
  for (const std::filesystem::path& path : files()) {
    const Model model = load(path);
    found.emplace(model.card.format_version, model.container);
  }
  for (int version = 1; version <= kFormatVersion; ++version)
    for (const Container container : {Container::hdf5, Container::compact})
      EXPECT_TRUE(found.contains({version, container}))
          << "format " << version << (container == Container::hdf5 ? " in HDF5" : " in the compact container");
}

TEST(SurrogateFormats, SignaturesOfTheFirstKindHold) {
  const Surrogate surrogate(kFiles / "format1_signed.h5", signed_by(kFiles / "test.pub"));
  EXPECT_EQ(surrogate.card().signature.name, "test");
  EXPECT_EQ(surrogate.card().digest, load(kFiles / "format1.h5").card.digest);
}

/// A change such as damage or an attacker without the key could make.
Bytes mutated(Bytes bytes, const Bytes& other, std::mt19937& random) {
  const auto below = [&](std::size_t n) { return std::size_t(random()) % n; };
  for (std::size_t edits = 1 + below(4); edits > 0 && !bytes.empty(); --edits) {
    const std::size_t at = below(bytes.size()), length = 1 + below(std::min<std::size_t>(200, bytes.size() - at));
    switch (below(5)) {
      case 0:
        for (std::size_t k = 0; k < length; ++k) bytes[at + k] = std::byte(random());
        break;
      case 1:
        bytes.erase(bytes.begin() + std::ptrdiff_t(at), bytes.begin() + std::ptrdiff_t(at + length));
        break;
      case 2:
        bytes.insert(bytes.begin() + std::ptrdiff_t(at), length, std::byte(random()));
        break;
      case 3:
        bytes.resize(at);
        break;
      case 4: {  // the end of another file, with its trailer and signature
        const std::size_t tail = std::min(other.size(), length + 100);
        bytes.resize(at);
        bytes.insert(bytes.end(), other.end() - std::ptrdiff_t(tail), other.end());
        break;
      }
    }
  }
  return bytes;
}

TEST(SurrogateFormats, ChangedAtRandomAreRefused) {
  std::mt19937 random(5);
  const SecretKey key = SecretKey::generate("test");
  const LoadOptions required{SignaturePolicy::required, {key.public_key()}};
  std::vector<Bytes> contents, signed_files;
  for (const std::filesystem::path& path : files()) {
    const Bytes file = read_bytes(path);
    const auto content = split_signature(file).content;
    contents.emplace_back(content.begin(), content.end());
    signed_files.push_back(contents.back());
    const Bytes block = signature_block(content, key);
    signed_files.back().insert(signed_files.back().end(), block.begin(), block.end());
    ASSERT_NO_THROW(load(signed_files.back(), "signed", required)) << path;
  }
  const auto is_among = [](const std::vector<Bytes>& all, const Bytes& bytes) {
    return std::find(all.begin(), all.end(), bytes) != all.end();
  };
  for (std::size_t round = 0; round < 8000; ++round) {
    const std::size_t which = round % contents.size(), next = (round + 1) % contents.size();
    // Half of them without a signature: what is changed then is refused by the digest alone.
    const std::vector<Bytes>& all = round / contents.size() % 2 ? contents : signed_files;
    const Bytes bytes = mutated(all[which], all[next], random);
    if (is_among(signed_files, bytes)) continue;
    ASSERT_THROW(load(bytes, "changed", required), Error) << "round " << round;
    if (is_among(contents, bytes)) continue;  // all that was cut off is the signature
    ASSERT_THROW(load(bytes, "changed"), Error) << "round " << round;
  }
}

}  // namespace
}  // namespace residua
