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
    // What a file leaves out is what a new file says.
    EXPECT_EQ(run.width, plain.width);
    EXPECT_EQ(run.depth, plain.depth);
    for (const TermInfo& term : physics.terms) {
      const TermSettings &a = run.terms.at(std::string(term.name)), &b = plain.terms.at(std::string(term.name));
      EXPECT_EQ(a.points, b.points) << term.name;
      EXPECT_EQ(a.weight, b.weight) << term.name;
      EXPECT_EQ(a.grading, b.grading) << term.name;
    }
    ASSERT_EQ(run.stages.size(), plain.stages.size());
    for (std::size_t s = 0; s < run.stages.size(); ++s) {
      const Stage &a = run.stages[s], &b = plain.stages[s];
      EXPECT_EQ(a.method, b.method);
      EXPECT_EQ(a.steps, b.steps);
      EXPECT_EQ(a.resample, b.resample);
      EXPECT_EQ(a.more_points, b.more_points);
      EXPECT_EQ(a.adaptive, b.adaptive);
      EXPECT_EQ(a.learning_rate, b.learning_rate);
      EXPECT_EQ(a.final_learning_rate, b.final_learning_rate);
    }
  }
}

}  // namespace
}  // namespace residua
