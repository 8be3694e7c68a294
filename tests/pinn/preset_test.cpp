#include "pinn/preset.hpp"

#include <gmock/gmock.h>

#include "pinn/problem.hpp"

namespace residua {
namespace {

using ::testing::HasSubstr;

TEST(Preset, IsARunFileThatNamesItsPhysics) {
  ASSERT_GE(presets().size(), 3u);
  for (const Preset& preset : presets()) {
    SCOPED_TRACE(std::string(preset.name));
    const RunFile run = RunFile::parse(std::string(preset.text), "preset");
    EXPECT_FALSE(run.physics.empty());
    EXPECT_NO_THROW(Problem{run});
    EXPECT_EQ(preset.text.front(), '#');
  }
}

TEST(CustomRunFile, HasTheEnvelopeOfEveryPhysics) {
  for (const PhysicsInfo& physics : catalog()) {
    SCOPED_TRACE(std::string(physics.name));
    const std::string text = custom_run_file(physics);
    const RunFile run = RunFile::parse(text, "custom"),
                  plain = RunFile::parse("physics = '" + std::string(physics.name) + "'", "plain");
    EXPECT_NO_THROW(Problem{run});
    for (const auto table : {physics.coords, physics.params})
      for (const Quantity& q : table) {
        EXPECT_NEAR(run.range(q).lower, plain.range(q).lower, 1e-5 * std::abs(plain.range(q).lower)) << q.name;
        EXPECT_NEAR(run.range(q).upper, plain.range(q).upper, 1e-5 * std::abs(plain.range(q).upper)) << q.name;
        EXPECT_THAT(text, HasSubstr(std::string(q.meaning)));
      }
    for (const TermInfo& term : physics.terms) EXPECT_EQ(run.terms.count(std::string(term.name)), 1u);
  }
}

}  // namespace
}  // namespace residua
