#include "pinn/metrics.hpp"

#include <gmock/gmock.h>

#include <cmath>
#include <iterator>

#include "datasets/published.hpp"
#include "tests/surrogates/temporary_folder.hpp"

namespace residua {
namespace {

std::string content(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(MetricsFile, IsATableWithAColumnForEachTerm) {
  const TemporaryFolder folder;
  MetricsFile file(folder / "m.csv", {"interior", "seam"}, 0);
  file.add({1, 0.5, 0, 0, 3, {{"interior", 3}}});
  file.add({2, 1, 1, 0, 2.5, {{"interior", 2}, {"seam", 0.25}}});
  file.flush();
  const Table table = read_csv(folder / "m.csv", {.optional_columns = {"seam"}});
  EXPECT_EQ(table["step"], (std::vector<double>{1, 2}));
  EXPECT_EQ(table["part"], (std::vector<double>{0, 1}));
  EXPECT_EQ(table["loss"], (std::vector<double>{3, 2.5}));
  EXPECT_EQ(table["interior"], (std::vector<double>{3, 2}));
  EXPECT_TRUE(std::isnan(table["seam"][0]));
  EXPECT_EQ(table["seam"][1], 0.25);
}

TEST(MetricsFile, HasWholeRowsOnlyWhileItIsWritten) {
  const TemporaryFolder folder;
  MetricsFile file(folder / "m.csv", {"interior"}, 0);
  for (int step = 1; step <= 3000; ++step) {
    file.add({step, 0, 0, 0, 1, {{"interior", 1}}});
    if (step % 100 == 0) {
      ASSERT_EQ(content(folder / "m.csv").back(), '\n');
    }
  }
  file.flush();
  EXPECT_EQ(read_csv(folder / "m.csv").rows(), 3000u);
}

TEST(MetricsFile, LeavesOutWhatCameAfterTheCheckpointAndHalfARow) {
  const TemporaryFolder folder;
  for (const int step : {10, 20}) {
    MetricsFile file(folder / "m.csv", {"interior"}, step == 10 ? 0 : 20);
    file.add({step, 1, 0, 0, 1, {}});
  }
  std::ofstream(folder / "m.csv", std::ios::app) << "30,1,0,0,1,\n4";
  { const MetricsFile file(folder / "m.csv", {"interior"}, 25); }
  EXPECT_EQ(content(folder / "m.csv"),
            "step,seconds,part,stage,loss,interior\n10,1.000,0,0,1.000000e+00,\n20,1.000,0,0,1.000000e+00,\n");
  { const MetricsFile file(folder / "m.csv", {"interior"}, 0); }
  EXPECT_EQ(content(folder / "m.csv"), "step,seconds,part,stage,loss,interior\n");
}

}  // namespace
}  // namespace residua
