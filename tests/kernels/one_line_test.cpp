#include "kernels/core/one_line.hpp"

#include <gtest/gtest.h>

namespace residua {
namespace {

TEST(OneLine, KeepsWhatCanBePrinted) { EXPECT_EQ(one_line("Zunder \xc3\xa4, 5 %"), "Zunder \xc3\xa4, 5 %"); }

TEST(OneLine, ReplacesControlCharacters) {
  EXPECT_EQ(one_line("a\nb\x1b[2Jc\x7f"), "a b?[2Jc?");
  EXPECT_EQ(one_line("\xc2\x9b"
                     "2J \xc2\xa0."),
            "?2J \xc2\xa0.");  // CSI as one character; a space that is none
}

TEST(OneLine, CutsBetweenCharacters) {
  EXPECT_EQ(one_line("12345678", 8), "12345678");
  EXPECT_EQ(one_line("123456789", 8), "12345...");
  EXPECT_EQ(one_line("1234\xc3\xa4\xc3\xa4\xc3\xa4", 8), "1234...");
}

}  // namespace
}  // namespace residua
