#include "pinn/points_in_use.hpp"

#include <gmock/gmock.h>

#include "pinn/run_folder.hpp"
#include "pinn/trainer.hpp"
#include "tests/pinn/thrown.hpp"
#include "tests/surrogates/temporary_folder.hpp"

namespace residua {
namespace {

using ::testing::AllOf, ::testing::Each, ::testing::Ge, ::testing::HasSubstr, ::testing::Le;

RunFile heat(const std::string& rest) {
  return RunFile::parse(
      "physics = 'heat'\n[network]\nwidth = 4\ndepth = 1\n[terms]\ninterior = {points = 70}\ninitial = {points = "
      "30}\nleft = {points = 20}\nright = {weight = 0}\n" +
          rest + "[[stage]]\noptimizer = 'adam'\nsteps = 3\n",
      "run");
}

/// The points that a training of one run file leaves, as those of the other.
std::vector<TermPoints> points_after(const RunFile& trained, const RunFile& read) {
  const TemporaryFolder folder;
  train(trained, Problem(trained), {folder.path(), false, Progress(Progress::Mode::quiet)});
  return points_in_use(RunFolder(folder.path()).checkpoint(), read);
}

std::vector<double> row(const TermPoints& term, std::int64_t coord) {
  const auto begin = term.samples.coords.begin() + coord * term.samples.n;
  return {begin, begin + term.samples.n};
}

TEST(PointsInUse, AreThoseOfTheLastCheckpoint) {
  const RunFile run = heat("");
  const auto points = points_after(run, run);
  ASSERT_EQ(points.size(), 3u);
  EXPECT_EQ(points[0].term, "interior");
  EXPECT_EQ(points[0].samples.n, 70);
  EXPECT_THAT(row(points[0], 1), Each(AllOf(Ge(0), Le(1))));
  EXPECT_EQ(points[1].term, "initial");
  EXPECT_THAT(row(points[1], 0), Each(0));
  EXPECT_EQ(points[2].term, "left");
  EXPECT_EQ(points[2].samples.n, 20);
  EXPECT_THAT(row(points[2], 1), Each(0));
}

TEST(PointsInUse, IncludeTheSeamBetweenWindows) {
  const RunFile run = heat("[march]\nwindows = 2\npoints = 11\n");
  const auto points = points_after(run, run);
  ASSERT_EQ(points.size(), 4u);
  EXPECT_EQ(points[3].term, "seam");
  EXPECT_EQ(points[3].samples.n, 11);
}

TEST(PointsInUse, OfAnotherRunAreRefused) {
  const RunFile other = RunFile::parse("physics = 'burgers'\n", "run");
  EXPECT_THAT(thrown_by([&] { points_after(heat(""), other); }),
              AllOf(HasSubstr("points of 3 terms"), HasSubstr("expected 1")));
}

}  // namespace
}  // namespace residua
