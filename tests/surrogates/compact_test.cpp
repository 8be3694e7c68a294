// Files in the compact container: the same content, and a reader that believes nothing.
#include "surrogates/compact.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "kernels/core/error.hpp"
#include "surrogates/containers.hpp"
#include "surrogates/seal.hpp"
#include "surrogates/signature.hpp"
#include "tests/surrogates/full_model.hpp"
#include "tests/surrogates/saved.hpp"

namespace residua {
namespace {

using testing::HasSubstr;

Bytes image_in(const Bytes& file) { return {file.begin(), file.end() - 48}; }

TEST(CompactFile, HoldsWhatAnHdf5FileHolds) {
  for (const Precision precision : {Precision::float32, Precision::float64}) {
    Model model = full_model(precision);
    for (const bool branch : {false, true}) {
      if (branch) add_branch(model, 6, 1);
      const Model from_hdf5 = load(saved(model), "a"), from_compact = load(saved(model, Container::compact), "b");
      EXPECT_EQ(saved(from_hdf5, Container::compact), saved(from_compact, Container::compact));
      EXPECT_EQ(saved(from_hdf5, Container::hdf5), saved(from_compact, Container::hdf5));
      EXPECT_EQ(saved(from_compact), saved(from_compact, Container::compact));  // as it was read
    }
  }
}

TEST(CompactFile, IsSmallerThanHdf5) {
  const Model model = random_model("heat_rod");
  EXPECT_LT(saved(model, Container::compact).size(), saved(model).size());
}

TEST(CompactFile, AnswersAlike) {
  const Model model = random_model("kiln_wall");
  const TemporaryFolder folder;
  save(model, folder / "wall.h5");
  save(model, folder / "wall.rsd", Container::compact);
  const Surrogate a(folder / "wall.h5"), b(folder / "wall.rsd");
  std::vector<double> x(a.outputs().size()), y(x.size());
  for (const double shift : {-0.7, 0.0, 0.4}) {
    EXPECT_EQ(a.predict(point_of(model, shift), x), Status::ok);
    EXPECT_EQ(b.predict(point_of(model, shift), y), Status::ok);
    EXPECT_EQ(x, y);
  }
}

TEST(CompactFile, IsRefusedWithAnyByteChangedOrCutOffAnywhere) {
  const Bytes file = saved(random_model("heat_rod", {.width = 3, .depth = 1}), Container::compact);
  for (std::size_t at = 0; at < file.size(); ++at) {
    Bytes changed = file;
    changed[at] ^= std::byte(1 << at % 8);
    ASSERT_NE(refusal_of(changed), "accepted") << "byte " << at;
    ASSERT_NE(refusal_of(std::span(file).first(at)), "accepted") << at << " bytes";
  }
}

/// What an attacker can do who writes a new digest, too.
TEST(CompactFile, MeansWhatItSaysOrIsRefusedUnderAnySeal) {
  const Bytes image = image_in(saved(random_model("heat_rod", {.width = 3, .depth = 1}), Container::compact));
  int loaded = 0;
  for (std::size_t at = 0; at < image.size(); ++at) {
    Bytes changed = image;
    changed[at] ^= std::byte(1 << at % 8);
    try {
      const Model model = load(sealed(changed), "changed");
      EXPECT_EQ(compact_image(model, "again"), changed) << "byte " << at;  // nothing was overlooked
      ++loaded;
    } catch (const Error&) {
    }
  }
  EXPECT_GT(loaded, 0);  // a letter of a text, say
  for (std::size_t size = 0; size < image.size(); size += 7)
    EXPECT_NE(refusal_of(sealed({image.begin(), image.begin() + std::ptrdiff_t(size)})), "accepted");
}

TEST(CompactFile, SaysWhatIsWrong) {
  const Bytes image = image_in(saved(random_model("heat_rod", {.width = 3, .depth = 1}), Container::compact));
  const auto with = [&](auto change) {
    compact::Entries entries = compact::entries_of(image, "image");
    change(entries);
    return refusal_of(sealed(compact::image_of(entries)));
  };
  EXPECT_THAT(with([](auto& e) { e["network/@extra"] = e["network/@width"]; }), HasSubstr("unknown attribute 'extra'"));
  EXPECT_THAT(with([](auto& e) { e["spare/@a"] = e["network/@width"]; }), HasSubstr("unknown object 'spare'"));
  EXPECT_THAT(with([](auto& e) { e.erase("network/@width"); }), HasSubstr("there is no network/@width"));
  EXPECT_THAT(with([](auto& e) { e["network/@width"] = e["network/center"]; }),
              HasSubstr("network/@width: expected int64 of 0 dimensions, found float64 of 1"));
  EXPECT_THAT(with([](auto& e) { e["network/weights"].shape = {1u << 30}; }), HasSubstr("weights: its shape asks"));
  EXPECT_THAT(with([](auto& e) { e["network/weights"].shape = {~0ull / 8, 16}; }), HasSubstr("its shape asks"));
  EXPECT_THAT(with([](auto& e) { e["network/weights"].value.resize(8); }), HasSubstr("compact image"));

  for (const char* inside : {"network/weights/x", "network/weights/@scale_factor", "network/@width/x"})
    EXPECT_THAT(with([&](auto& e) { e[inside] = e["network/@width"]; }), HasSubstr("expected a group"));
  EXPECT_THAT(with([](auto& e) { e["network"] = e["network/@width"]; }), HasSubstr("lies within network"));
  EXPECT_THAT(with([](auto& e) { e["network"] = e["network-"] = e["network/@width"]; }),
              HasSubstr("lies within network"));

  EXPECT_THAT(with([](auto& e) { e["network/@a\n\x1b[2J"] = e["network/@width"]; }), HasSubstr("'a ?[2J'"));
  Bytes longer = image;
  longer.resize(longer.size() + 8);
  EXPECT_THAT(refusal_of(sealed(longer)), HasSubstr("expected its end"));
  EXPECT_THAT(refusal_of(sealed({image.begin(), image.begin() + 16})), HasSubstr("ends early"));
  EXPECT_THAT(refusal_of(sealed(Bytes(100))), HasSubstr("neither"));
}

TEST(CompactFile, TakesEntriesInOrderOnly) {
  compact::Entries entries;
  compact::Group group(entries, "x");
  group.write_attribute("a", 1.0);
  group.write_attribute("b", 2.0);
  Bytes image = compact::image_of(entries);
  ASSERT_NO_THROW(compact::entries_of(image, "x"));
  const auto letter = std::find(image.begin(), image.end(), std::byte('b'));
  *letter = std::byte('a');
  EXPECT_THROW(compact::entries_of(image, "x"), Error);
}

TEST(CompactFile, CanBeSigned) {
  const TemporaryFolder folder;
  save(random_model("heat_rod"), folder / "rod.rsd", Container::compact);
  const SecretKey key = SecretKey::generate("plant");
  EXPECT_THROW(Surrogate(folder / "rod.rsd", {SignaturePolicy::required, {key.public_key()}}), Error);
  sign_file(folder / "rod.rsd", key, false);
  const Surrogate rod(folder / "rod.rsd", {SignaturePolicy::required, {key.public_key()}});
  EXPECT_EQ(rod.card().signature.name, "plant");
}

}  // namespace
}  // namespace residua
