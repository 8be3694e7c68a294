#include "pinn/archive.hpp"

#include <gmock/gmock.h>
#include <torch/serialize/archive.h>

#include <sstream>

#include "tests/pinn/thrown.hpp"

namespace residua {
namespace {

TEST(Archive, SaysWhatAnOlderFileDoesNotHold) {
  std::stringstream bytes;
  OutputArchive written;
  write_value(written, "reason", std::string("none"));
  written.save_to(bytes);
  InputArchive read;
  read.load_from(bytes);
  const auto found = find_value(read, "reason");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->toStringRef(), "none");
  EXPECT_FALSE(find_value(read, "later"));
  EXPECT_THAT(thrown_by([&] { read_value(read, "later"); }), testing::HasSubstr("'later'"));
}

}  // namespace
}  // namespace residua
