#pragma once
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "tests/surrogates/random_model.hpp"
#include "tests/surrogates/temporary_folder.hpp"

namespace residua {

namespace fs = std::filesystem;

inline std::string content(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

struct Outcome {
  int code;
  std::string out, err;
};

/// Runs the program in a folder of its own, which holds a surrogate with random weights, rod.h5, and a run file,
/// rod.toml.
class CommandLine : public ::testing::Test {
 protected:
  CommandLine() {
    fs::create_directory(here_ / "work");
    save(random_model("heat_rod"), work("rod.h5"));
    write(
        "rod.toml",
        "physics = 'heat_rod'\nvalidation_cases = 4\n[network]\nwidth = 16\ndepth = 2\n[terms.interior]\npoints = 128\n"
        "[[stage]]\noptimizer = 'adam'\nsteps = 160\nlearning_rate = 1e-2\n[[stage]]\noptimizer = 'lbfgs'\nsteps = "
        "40\n");
  }

  fs::path work(const std::string& name) const { return here_ / "work" / name; }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(work(name), std::ios::binary) << text;
  }

  Outcome residua(const std::string& arguments, const std::string& environment = "") const {
    const std::string command = "cd '" + (here_ / "work").string() + "' && " + environment + " '" RESIDUA_PROGRAM "' " +
                                arguments + " >'" + (here_ / "out").string() + "' 2>'" + (here_ / "err").string() +
                                "' </dev/null";
    const int status = std::system(command.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, content(here_ / "out"), content(here_ / "err")};
  }

  /// Starts the program without waiting for it.
  pid_t start(const std::vector<std::string>& arguments) const {
    const pid_t child = fork();
    if (child != 0) return child;
    std::vector<char*> words{const_cast<char*>(RESIDUA_PROGRAM)};
    for (const std::string& argument : arguments) words.push_back(const_cast<char*>(argument.c_str()));
    words.push_back(nullptr);
    const bool moved = chdir((here_ / "work").c_str()) == 0 && freopen("/dev/null", "r", stdin) &&
                       freopen((here_ / "out").c_str(), "w", stdout) && freopen((here_ / "err").c_str(), "w", stderr);
    if (moved) execv(RESIDUA_PROGRAM, words.data());
    _exit(127);
  }
  /// Processes whose parent is `parent`, in the order they were started.
  static std::vector<pid_t> children(pid_t parent) {
    std::vector<pid_t> found;
    std::istringstream ids(
        content("/proc/" + std::to_string(parent) + "/task/" + std::to_string(parent) + "/children"));
    for (pid_t id; ids >> id;) found.push_back(id);
    return found;
  }
  std::string said() const { return content(here_ / "out") + content(here_ / "err"); }

  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::recursive_directory_iterator(here_ / "work"))
      names.push_back(fs::relative(entry.path(), here_ / "work"));
    return names;
  }

  /// The request is refused with one line that says this, and nothing has come or gone.
  void expect_refused(const std::string& arguments, const std::vector<std::string>& says,
                      const std::string& environment = "") const {
    SCOPED_TRACE("residua " + arguments);
    const auto before = files();
    const Outcome outcome = residua(arguments, environment);
    EXPECT_EQ(outcome.code, 2);
    EXPECT_THAT(outcome.err, ::testing::AllOf(::testing::StartsWith("residua: "), ::testing::EndsWith("\n")));
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
    for (const std::string& part : says) EXPECT_THAT(outcome.err, ::testing::HasSubstr(part));
    EXPECT_THAT(files(), ::testing::UnorderedElementsAreArray(before));
  }

  TemporaryFolder here_;
};

}  // namespace residua
