#include "pinn/coverage.hpp"

#include <gmock/gmock.h>

#include "surrogates/file.hpp"
#include "surrogates/model.hpp"
#include "tests/surrogates/temporary_folder.hpp"

namespace residua {
namespace {

using ::testing::AllOf, ::testing::HasSubstr;

std::vector<std::string> panels_of(const std::string& text, const std::vector<std::string>& design) {
  const RunFile run = RunFile::parse(text, "run");
  const TemporaryFolder folder;
  save(new_model(run.physics, design, run.width, run.depth), folder / "surrogate.h5");
  return coverage(Surrogate(folder / "surrogate.h5"), Problem(run), 5, 1);
}

TEST(Coverage, ShowsPairsOfDesignInputsWithEveryCase) {
  const auto panels =
      panels_of("physics = 'kiln_wall'\n[network]\nwidth = 4\ndepth = 1\n",
                {"gas_temperature", "film_coefficient", "thickness", "conductivity", "initial_temperature"});
  ASSERT_EQ(panels.size(), 3u);  // the last input stands beside the first one
  EXPECT_THAT(panels[0], AllOf(HasSubstr("gas_temperature [K]"), HasSubstr("film_coefficient [W/m2K]")));
  EXPECT_THAT(panels[2], AllOf(HasSubstr("initial_temperature [K]"), HasSubstr("gas_temperature [K]")));
  EXPECT_THAT(panels[0], HasSubstr("1300 30 "));  // the default case
}

TEST(Coverage, IsNothingWithoutDesignInputs) {
  EXPECT_TRUE(
      panels_of("physics = 'burgers'\n[envelope]\nviscosity = 0.1\n[network]\nwidth = 4\ndepth = 1\n", {}).empty());
}

}  // namespace
}  // namespace residua
