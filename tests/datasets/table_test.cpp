#include "datasets/table.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "datasets/h5.hpp"
#include "kernels/core/error.hpp"

namespace residua {
namespace {

std::string path() {
  return testing::TempDir() + "residua_table_" + testing::UnitTest::GetInstance()->current_test_info()->name();
}

TEST(Table, SurvivesItsFile) {
  Table table;
  table.add("T", "K", {300, 1000 / 3.0});
  table.add("c/(ug/L)", "", {0, -1e-300});
  table.notes["source"] = "a run";
  table.save(path());
  const Table back = Table::load(path());
  ASSERT_EQ(back.columns().size(), 2u);
  EXPECT_EQ(back.columns()[0].name, "T");
  EXPECT_EQ(back.columns()[0].unit, "K");
  EXPECT_EQ(back["T"], table["T"]);
  EXPECT_EQ(back["c/(ug/L)"], table["c/(ug/L)"]);
  EXPECT_EQ(back.notes, table.notes);
}

TEST(Table, RefusesColumnsThatDoNotFit) {
  Table table;
  table.add("a", "", {1, 2});
  EXPECT_THROW(table.add("a", "", {1, 2}), Error);
  EXPECT_THROW(table.add("b", "", {1}), Error);
  try {
    table["c"];
    FAIL() << "did not throw";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "table: no column 'c', there are: a");
  }
}

TEST(Table, RefusesFilesOfAnotherFormat) {
  h5::write_atomically(path(), [](h5::Group& root) { root.write_attribute("format", "something else"); });
  EXPECT_THROW(Table::load(path()), Error);
}

}  // namespace
}  // namespace residua
