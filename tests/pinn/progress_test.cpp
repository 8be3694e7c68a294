#include "pinn/progress.hpp"

#include <gmock/gmock.h>
#include <poll.h>
#include <pty.h>
#include <unistd.h>

namespace residua {
namespace {

using ::testing::AllOf, ::testing::EndsWith, ::testing::StartsWith;

TEST(Cut, KeepsWhatFits) {
  EXPECT_EQ(cut("adam", 10), "adam");
  EXPECT_EQ(cut("adam", 4), "adam");
  EXPECT_EQ(cut("adam", 3), "ada");
  EXPECT_EQ(cut("adam", 0), "");
  EXPECT_EQ(cut("", 3), "");
}

TEST(Cut, LeavesCharactersWhole) {
  EXPECT_EQ(cut("\u00e4\u2264\u00f6", 2), "\u00e4\u2264");
  EXPECT_EQ(cut("\u00e4\u2264\u00f6", 3), "\u00e4\u2264\u00f6");
}

/// What comes out of the other end of a terminal until it is silent.
std::string read_from(int end) {
  std::string text;
  pollfd ready{end, POLLIN, 0};
  while (poll(&ready, 1, 300) == 1) {
    char some[4096];
    const ssize_t count = read(end, some, sizeof some);
    if (count <= 0) break;
    text.append(some, std::size_t(count));
  }
  return text;
}

TEST(Progress, KeepsItsLineWithinTheTerminal) {
  int other_end = -1, terminal = -1;
  const winsize size{.ws_row = 24, .ws_col = 40, .ws_xpixel = 0, .ws_ypixel = 0};
  if (openpty(&other_end, &terminal, nullptr, nullptr, &size) != 0) GTEST_SKIP() << "no terminals to be had here";
  const int before = dup(STDERR_FILENO);
  dup2(terminal, STDERR_FILENO);
  Progress().update("adam", 5, 10, [] { return std::string(500, 'x'); });
  dup2(before, STDERR_FILENO);
  const std::string line = "adam [############............] 5/10 ET";
  ASSERT_EQ(line.size(), 39u);  // the last column stays free
  EXPECT_EQ(read_from(other_end), "\r\033[K" + line);
  for (const int file : {before, terminal, other_end}) close(file);
}

TEST(Progress, LeavesLinesWholeWhereThereIsNoTerminal) {
  testing::internal::CaptureStderr();
  Progress().update("adam", 10, 10, [] { return std::string(500, 'x'); });
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              AllOf(StartsWith("phase=adam step=10 of=10 "), EndsWith(" " + std::string(500, 'x') + "\n")));
}

}  // namespace
}  // namespace residua
