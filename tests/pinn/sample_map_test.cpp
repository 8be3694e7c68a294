#include "pinn/sample_map.hpp"

#include <gmock/gmock.h>

namespace residua {
namespace {

using ::testing::AllOf, ::testing::DoubleNear, ::testing::Each, ::testing::ElementsAre, ::testing::HasSubstr,
    ::testing::Not;

TEST(SampleMap, DensityIsRelativeToEven) {
  EXPECT_THAT(relative_density({10.1, 10.2, 10.3, 11.9}, {10, 12}, 2), ElementsAre(1.5, 0.5));
  EXPECT_THAT(relative_density({9, 13, 12, 10}, {10, 12}, 2), ElementsAre(1, 1));  // ends, and outside
}

TEST(SampleMap, OfALatticeIsEvenAlongEachInput) {
  const Problem problem(RunFile::parse("physics = 'heat'\n[envelope]\ndiffusivity = [0.1, 0.4]\n", "run"));
  Sobol sequence(std::size_t(problem.sample_dims(0)), 3);
  const Samples samples = problem.sample(0, sequence, 4096);
  std::vector<double> position(samples.coords.begin(), samples.coords.begin() + samples.n);
  for (double& x : position) x *= problem.physics().coords[0].scale;
  EXPECT_THAT(relative_density(position, problem.coord_range(0), 16), Each(DoubleNear(1, 0.02)));
}

TEST(SampleMap, ShowsEveryTermAndEveryInput) {
  const Problem problem(RunFile::parse("physics = 'heat'\n[envelope]\ndiffusivity = [0.1, 0.4]\n", "run"));
  std::vector<TermPoints> points;
  for (std::size_t t = 0; t < problem.physics().terms.size(); ++t) {
    Sobol sequence(std::size_t(problem.sample_dims(int(t))), 3);
    points.push_back({std::string(problem.physics().terms[t].name), problem.sample(int(t), sequence, 200)});
  }
  const auto panels = sample_map(points, problem);
  ASSERT_EQ(panels.size(), 2u);
  for (const TermPoints& term : points) EXPECT_THAT(panels[0], HasSubstr(term.term + " (200)"));
  EXPECT_THAT(panels[1], AllOf(HasSubstr("'diffusivity'"), HasSubstr("relative to even")));
}

TEST(SampleMap, IsNothingBeforeTheFirstPoints) {
  const Problem problem(RunFile::parse("physics = 'heat'\n", "run"));
  EXPECT_TRUE(sample_map({{"interior", {}}, {"initial", {}}}, problem).empty());
}

TEST(SampleMap, HasNoDensityWithoutTheInterior) {
  const Problem problem(RunFile::parse("physics = 'heat'\n", "run"));
  Sobol sequence(std::size_t(problem.sample_dims(1)), 3);
  const auto panels =
      sample_map({{std::string(problem.physics().terms[1].name), problem.sample(1, sequence, 10)}}, problem);
  ASSERT_EQ(panels.size(), 1u);
  EXPECT_THAT(panels[0], Not(HasSubstr("relative to even")));
}

}  // namespace
}  // namespace residua
