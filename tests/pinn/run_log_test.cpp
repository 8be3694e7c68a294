#include "pinn/run_log.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "tests/datasets/full_disk.hpp"
#include "tests/surrogates/temporary_folder.hpp"

namespace residua {
namespace {

using ::testing::AllOf, ::testing::HasSubstr, ::testing::MatchesRegex, ::testing::Not;

std::string content(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(RunLog, PutsTheTimeBeforeEachLine) {
  const TemporaryFolder folder;
  RunLog(folder / "log.txt").add("begun\n\nstage 1");
  EXPECT_THAT(content(folder / "log.txt"), MatchesRegex("[-0-9]+T[:0-9]+Z begun\n[-0-9]+T[:0-9]+Z stage 1\n"));
}

TEST(RunLog, SaysOnceThatTheDiskIsFull) {
  const TemporaryFolder folder;
  RunLog log(folder / "log.txt");
  log.add("first");
  testing::internal::CaptureStderr();
  {
    const FullDisk full(4096);
    log.add(std::string(8192, 'x'));
    log.add("lost");
  }
  log.add("last");
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_THAT(said, AllOf(HasSubstr("log.txt: the log is not complete"), HasSubstr("File too large")));
  EXPECT_EQ(std::ranges::count(said, '\n'), 1) << said;
  EXPECT_THAT(content(folder / "log.txt"),
              AllOf(HasSubstr("Z first\n"), Not(HasSubstr("lost")), HasSubstr("Z last\n")));
}

}  // namespace
}  // namespace residua
