// Files of every format version, as they were written when it was new: they stay readable, and answer what they did.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
  const Model model = load(kFiles / "format2.h5");
  EXPECT_EQ(model.card.format_version, 2);
  EXPECT_EQ(model.card.members, 2);
  EXPECT_THAT(model.seams, testing::ElementsAre(3));
  expect_answers("format2.h5", 1e-12, {0.812483184337619, 0.285029130694202, 0.817231125887456});
}

TEST(SurrogateFormats, SignaturesOfTheFirstKindHold) {
  const Surrogate surrogate(kFiles / "format1_signed.h5", signed_by(kFiles / "test.pub"));
  EXPECT_EQ(surrogate.card().signature.name, "test");
  EXPECT_EQ(surrogate.card().digest, load(kFiles / "format1.h5").card.digest);
}

}  // namespace
}  // namespace residua
